// The actor that carries a system's messages to other nodes, and theirs to its actors.
#pragma once

#include <troupe/node.hpp>
#include <troupe/poster.hpp>
#include <troupe/this_actor.hpp>
#include <troupe/timer.hpp>

#include "node_address.hpp"
#include "node_links.hpp"
#include "node_session.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace troupe::detail {

struct gateway_settings {
  std::string listen{};
  std::vector<std::string> join{};
  std::string name{};
  std::chrono::milliseconds heartbeat{};
  std::uint32_t missed = 0;
  std::chrono::milliseconds join_timeout{};
  std::uint64_t window = 0;
  std::string certificates{};  ///< a folder
};

/// What came of the start. `stage` empty: it is a node.
struct gateway_start {
  std::string stage{};
  std::string why{};
  peer self{};
};

/// What is said of a node, or of somebody else, that does not wait until what it sent is acknowledged.
inline constexpr const char* it_floods =
    "it floods: more than 64 MiB came before they could be handled, and nodes wait for acknowledgements";
static_assert(most_unhandled == std::size_t{64} << 20);

/// The load average of the last minute; 0 where the machine does not say.
[[nodiscard]] double system_load();

/// Everything happens on the actor's thread; what CAF's threads have to say is posted to it. It never waits for an actor's
/// room nor for another node: what cannot go on is kept, and how much that can be is for the senders to see to
/// (`node_endpoint`). Those that do not see to it are given up: what of theirs is kept has a bound.
class gateway {
 public:
  explicit gateway(gateway_settings settings);
  gateway(const gateway&) = delete;
  gateway& operator=(const gateway&) = delete;
  /// Tells the others that this node ends, and waits a moment until they have heard.
  ~gateway();

  // --- For this system's processes ------------------------------------------------------------------------------------

  /// Listens, then joins; to be called once, and before anything else.
  promise<gateway_start> start();
  /// One way: tell, stop, signal, cancel and abort.
  void forward(std::uint32_t to, const frame_head& head, std::span<const std::byte> payload);
  /// Everything that has an answer. `call` is the gateway's to choose; `label` is the caller's name for it, for `give_up`.
  promise<answer_form> request(std::uint32_t to, const frame_head& head, std::uint64_t label,
                               std::span<const std::byte> payload);
  /// Nobody wants the answer to what has this label any more.
  void give_up(std::uint64_t label, bool by_force);
  [[nodiscard]] std::vector<node_status> members();

 private:
  using clock = std::chrono::steady_clock;

  /// An actor as the handles of this system's processes name it.
  struct callee {
    std::uint32_t node = 0;
    std::uint32_t id = 0;
    auto operator<=>(const callee&) const = default;
  };
  struct due_call {
    promise<answer_form> answer{};
    std::uint64_t label = 0;
    frame_kind kind{};
    callee whom{};
    std::uint32_t behind =
        0;  ///< the answer comes behind what has come for the actor here that has this number
    std::function<void(const answer_form&)> then{};  ///< runs before it is answered; also by the node's end
  };
  struct session {
    explicit session(std::size_t window) : out{window} {}
    greeting who{};
    node_status::state is = node_status::state::broken;
    std::string why{};
    std::uint64_t link = 0;     ///< 0: none
    std::string dialled{};      ///< where this end makes the connection again; empty: the other end does
    std::uint64_t attempt = 0;  ///< under way
    clock::time_point pulsed{};
    clock::time_point heard{};
    outgoing out;
    incoming in{};
    packed_bytes parts{};    ///< of a frame whose rest is still to come
    std::size_t parked = 0;  ///< bytes from it that wait for room, with what each message takes beside them
    std::set<std::pair<std::uint32_t, std::uint64_t>>
        strangers{};  ///< named since the last beat, but never given to it
    pulse last_pulse{};
    std::int64_t last_stamp = 0;  ///< the other's, and when it came
    clock::time_point stamp_came{};
    std::chrono::nanoseconds round_trip{};
    std::chrono::nanoseconds clock_offset{};
    std::uint32_t ordered = 0;  ///< actors since its last pulse
    std::map<std::uint64_t, due_call> calls{};
    std::unordered_map<std::uint64_t, std::shared_ptr<remote::answer>> served{};  ///< by its numbers
    std::unordered_set<std::uint64_t> watched{};  ///< its calls that an end answers
    std::vector<remote::address> owned{};         ///< actors that were started for it
  };
  using session_ptr = std::shared_ptr<session>;

  enum class reason : std::uint8_t {
    join,    ///< somebody waits for it, and it must not fail
    learnt,  ///< from one that was joined: somebody waits for it, and goes on without it
    met,     ///< from another
  };
  /// Where the connection is being made to, and why.
  struct dial {
    std::string address;
    reason why = reason::met;
    clock::time_point since{};
  };
  /// For one actor here: what found no room in its mailbox.
  struct parked {
    session_ptr from;
    frame_head head;
    std::vector<std::byte> payload;
  };

  /// An actor of another node that is started again elsewhere when its node is down. Its handles name it as it was first.
  struct migrant {
    std::shared_ptr<const packed_bytes> order{};
    restart_policy policy{};
    std::uint32_t node = 0;  ///< where it is now
    remote::address there{};
    std::deque<clock::time_point> moves{};
    bool is_stopped = false;
    bool is_on_its_way = false;
    struct held_call {
      frame_head head;
      std::optional<due_call> due;
      std::vector<std::byte> payload;
    };
    std::vector<held_call> held{};  ///< meanwhile
  };

  // node_gateway.cpp: calls of this system's processes
  void call(session& there, frame_head frame, due_call due, std::span<const std::byte> payload);
  void send(session& to, const frame_head& head, std::span<const std::byte> payload);
  void flush(session& to);
  [[nodiscard]] std::uint32_t least_loaded();
  void settle(session& of, std::uint64_t number, answer_form with);
  [[nodiscard]] static answer_form node_end(const std::string& why);
  [[nodiscard]] answer_form end_because_down(const session& of) const;
  /// Of what others have done, on the standard error; where there is much of it, not all. On any thread.
  void complain(const std::string& what);
  void end_complaints();

  // node_migration.cpp: actors that go on on another node
  void note_migrant(std::uint32_t node, std::shared_ptr<const packed_bytes> order,
                    const answer_form& started);
  [[nodiscard]] migrant* find_migrant(const callee& which);
  void pass_on(migrant& to, frame_head head, std::optional<due_call> due, std::span<const std::byte> payload);
  void move_all_from(const session& down);
  void start_elsewhere(const callee& which);
  void arrived(const callee& which, std::uint32_t node, const answer_form& started);
  void end_migrant(const callee& which, const answer_form& how);
  [[nodiscard]] answer_form end_of_migrant(const callee& which, frame_kind of) const;
  [[nodiscard]] bool hand_over(const due_call& due);
  void give_up_held(std::uint64_t label);

  // node_membership.cpp: who there is
  [[nodiscard]] host_and_port address_of(const std::string& text) const;
  void check(const greeting& of) const;
  void listen();
  std::uint64_t dial_to(const std::string& address, reason why);
  void dial_again(const session_ptr& to);
  void on_connected(std::uint64_t attempt, std::uint64_t link);
  void on_failed(std::uint64_t attempt, const std::string& why);
  void on_ended(std::uint64_t link);
  void on_message(std::uint64_t link, std::string&& message);
  void on_flooded(std::uint64_t link);
  void on_greeting(std::uint64_t link, message_kind kind, std::span<const std::byte> from);
  [[nodiscard]] std::string objection(const greeting& to);
  [[nodiscard]] std::string address_of_namesake(const greeting& of) const;
  [[nodiscard]] bool make_place();
  void refuse(std::uint64_t link, const std::string& why);
  void on_refused(std::uint64_t link, const std::string& why, const std::string& who = "a node");
  void attach(const session_ptr& to, std::uint64_t link, const greeting& who, message_kind kind);
  void welcomed(const session_ptr& by);
  void on_pulse(session& from, const pulse& came);
  void send_pulse(session& to);
  void send_greeting(std::uint64_t link, message_kind kind, std::uint64_t received);
  void send_batch(session& to, std::uint64_t sequence, const std::string& frames);
  void beat();
  void give_up_node(const session_ptr& which, const std::string& why, bool says_so = true);
  [[nodiscard]] bool is_to_be_met(const std::string& address) const;
  void settle_join(const std::string& problem);
  [[nodiscard]] session_ptr find_attempt(std::uint64_t attempt) const;
  [[nodiscard]] session_ptr find(std::uint32_t number) const;
  [[nodiscard]] session_ptr find_or_own(std::uint32_t number) const {
    return number == self_.number ? own_ : find(number);
  }
  [[nodiscard]] session_ptr find_link(std::uint64_t link) const;
  [[nodiscard]] static std::string describe(const session& which);

  // node_delivery.cpp: what others want of this system's actors
  void on_batch(const session_ptr& from, std::span<const std::byte> message);
  void take_frame(const session_ptr& from, const frame_head& head, std::span<const std::byte> payload);
  void on_frame(const session_ptr& from, const frame_head& head, std::span<const std::byte> payload);
  void on_reply(const session_ptr& from, const frame_head& head, std::span<const std::byte> payload);
  void park_end(const session_ptr& of, std::uint64_t number, due_call due, const answer_form& end);
  void take_reply(session& from, const frame_head& head, std::span<const std::byte> payload);
  [[noreturn]] void refuse_more(const session& from, std::size_t most, const char* of_what) const;
  void watch(const session_ptr& from, const frame_head& head);
  void check_target(session& from, const frame_head& head);
  void deliver(const session_ptr& from, const frame_head& head, std::span<const std::byte> payload);
  [[nodiscard]] bool try_to_deliver(const session_ptr& from, const frame_head& head,
                                    std::span<const std::byte> payload);
  void park(std::uint32_t lane, const session_ptr& from, const frame_head& head,
            std::span<const std::byte> payload);
  void deliver_parked(std::uint32_t lane);
  void go_on_when_room(std::uint32_t lane, const frame_head& head, std::span<const std::byte> payload);
  void serve(const session_ptr& from, std::uint64_t number, std::shared_ptr<remote::answer> pending);
  void reply(session& to, std::uint64_t number, const answer_head& how, std::span<const std::byte> bytes);
  void reply(session& to, std::uint64_t number, const answer_form& with);
  void drop_served(session& of, std::uint64_t number, bool by_force);
  [[nodiscard]] spawn_result start_actor(std::span<const std::byte> order);

  gateway_settings settings_;
  greeting self_;
  std::shared_ptr<remote::endpoint> local_;
  this_actor::poster poster_;
  std::unique_ptr<links> links_;
  std::map<std::uint32_t, session_ptr> sessions_;  // by the nodes' numbers; also of those that are down
  session_ptr own_;                                // with this node itself: where a migrant may have come
  std::map<callee, migrant> migrants_;
  std::map<callee, answer_form> ends_of_migrants_;  // as a watch is answered
  std::deque<callee> remembered_;                   // of these, oldest first
  std::unordered_map<std::uint64_t, session_ptr> by_link_;
  std::map<std::uint64_t, dial> dials_;                       // by their attempts' numbers
  std::unordered_map<std::uint64_t, std::uint64_t> greeted_;  // attempts by the links that they led to
  std::uint64_t last_attempt_ = 0;
  std::uint64_t last_call_ = 0;
  std::unordered_map<std::uint64_t, std::pair<std::uint32_t, std::uint64_t>> labels_;  // node and call
  std::map<std::uint32_t, std::deque<parked>> lanes_;
  std::set<std::uint32_t> starved_;                        // lanes that go on with the next beat
  std::unordered_map<std::uint32_t, std::uint64_t> keys_;  // of actors here that others have had to do with
  std::uint32_t last_refused_ = 0;                         // the actor
  std::optional<promise<gateway_start>> starting_;
  std::size_t joins_left_ = 0;
  std::uint32_t own_actors_ = 0;
  clock::time_point last_beat_ = clock::now();
  bool beat_is_odd_ = false;
  std::atomic<std::size_t> complaints_ = 0;
  double load_ = 0;
};

}  // namespace troupe::detail
