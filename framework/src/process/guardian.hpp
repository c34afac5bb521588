// The guardian: the single-threaded process that owns all others of a system. It starts actors through the zygote, brokers
// channels, learns every death, collects output, and when the host goes ends the whole tree.
#pragma once

#include "channel/page.hpp"
#include "platform/process.hpp"
#include "process/control_link.hpp"
#include "process/family.hpp"
#include "process/guardian_records.hpp"
#include "process/module_loader.hpp"
#include "process/output_collector.hpp"
#include "process/readiness.hpp"
#include "process/standbys.hpp"
#include "process/zygote.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace troupe::process_layer {

/// When something has been started again, lately.
using restart_times = std::deque<std::chrono::steady_clock::time_point>;
/// Notes one restart more; false where the policy does not allow it now.
[[nodiscard]] bool has_restart_left(restart_times& times, const restart_policy& policy);
/// Before the next one: twice as long after each, give or take a fifth, so that what dies together does not come back together.
[[nodiscard]] std::chrono::nanoseconds delay_of(const restart_policy& policy, std::size_t restarts);

/// How long an actor has between SIGTERM and SIGKILL.
inline constexpr auto terminate_patience = std::chrono::milliseconds{300};

class guardian {
 public:
  guardian(platform::descriptor host, std::uint64_t cookie, actor_main run_actor);

  /// Serves until the host is gone, then ends the process.
  [[noreturn]] void run();

 private:
  // guardian.cpp: processes
  void watch_host();
  void listen_to_zygote();
  void listen_to_children();
  void start_zygote_again();
  void use_zygote(zygote_process next);
  void replace_zygote(zygote_process next);
  void end_untold_children(pid_t next = 0);
  [[nodiscard]] std::unordered_set<pid_t> living_processes() const;
  void on_zygote_message(const control_message& message);
  [[nodiscard]] bool waits_for_zygote() const;
  void reap_ended_children();
  [[nodiscard]] bool reap(pid_t pid);
  void finish(actor_record& actor, const platform::ended& end);
  void bury(actor_record& actor, const exit_status& status);
  void begin_shutdown(std::chrono::milliseconds grace);
  void force_shutdown();
  void end_shutdown_when_empty();
  void report_when_drained();
  [[noreturn]] void end_everything();
  void send_signal(const actor_record& actor, int number);

  // guardian_starts.cpp: new actors, and the modules that they need
  struct pending_start;
  void on_spawn(client& from, control_message& message);
  pending_start& prepare(const client& owner, const spawn& wanted, bool executed);
  void connect_streams(actor_record& actor, pending_start& start);
  [[nodiscard]] std::shared_ptr<output_collector> collect(platform::descriptor pipe, bool is_error);
  [[nodiscard]] bool is_known(std::uint64_t entry) const;
  [[nodiscard]] bool start_standby(std::uint32_t id);
  void refill_standbys();
  void drop_start(std::uint32_t id);
  void launch(std::uint32_t id);
  void connect_control(const pending_start& start, platform::descriptor ours);
  /// Asks the zygote for the starts that are due, as far as it keeps up: it is never waited for.
  void order_starts();
  [[nodiscard]] bool order(pending_start& start);
  void run_program(pending_start& start);
  void on_forked(const forked& answer);
  void has_process(pending_start& start, pid_t pid);
  void on_entered(client& from, const entered& answer);
  void await_entering(std::uint32_t id);
  void complete(std::uint32_t id);
  void fail_start(std::uint32_t id, const std::string& stage, const std::string& why);
  void forget(std::uint32_t id);
  void refuse_start(std::uint32_t id, const std::string& stage, const std::string& why);
  void on_preload(client& from, const preload& wanted);
  void on_module_done(const std::string& path, const std::string& problem);

  // guardian_restarts.cpp: actors that are started again
  struct revival;
  void keep_for_restarts(const pending_start& start, const spawn& wanted);
  [[nodiscard]] bool begin_restart(actor_record& actor, const exit_status& status);
  void interrupt(actor_record& actor, revival& next);
  void start_again(std::uint32_t id);
  void resume(actor_record& actor);
  void attach_all(actor_record& actor);
  void hand_over_orphan(actor_record& actor, const client::orphan& of);
  [[nodiscard]] std::vector<unfinished_message> unfinished_of(std::uint32_t id, std::uint32_t slot);
  void attach(actor_record& actor, client::channel_end& end, client& other, client::channel_end& its);
  void end_restart(std::uint32_t id);
  void bury_unrevived(actor_record& actor);
  void end_restarts();
  [[nodiscard]] client::channel_end& counterpart(client& other, const client& of,
                                                 const client::channel_end& end);

  [[nodiscard]] bool is_ending(const actor_record& actor);
  [[nodiscard]] bool wants_restart(const actor_record& actor, const revival& next, const exit_status& status);
  void set_aside(actor_record& actor, revival& next, const exit_status& status);

  // guardian_groups.cpp: actors that are started again together
  struct group_record;
  [[nodiscard]] bool may_join_group(client& owner, const spawn& wanted);
  void join_group(actor_record& actor, const spawn& wanted);
  void leave_group(actor_record& actor);
  [[nodiscard]] bool restart_in_group(actor_record& actor, revival& next, const exit_status& status);
  void end_affected(group_record& group, const actor_record& died);
  [[nodiscard]] bool have_ended(const std::set<std::uint32_t>& members) const;
  void start_group_when_ended(std::uint64_t number);
  void stop_for_good(const actor_record& member);
  void escalate(std::uint64_t number, const actor_record& last);

  // guardian_hangs.cpp: actors that do not get on
  void watch_for_hangs(actor_record& actor);
  void look_for_hang(actor_record& actor);
  [[nodiscard]] bool has_unread(const actor_record& actor, const channel::peer_page& page);
  [[nodiscard]] std::uint64_t method_of(const actor_record& actor, channel::slot where,
                                        std::uint64_t sequence);
  void tell_hang(actor_record& actor, const channel::peer_page& page, hang_sign sign,
                 std::chrono::milliseconds lasted, std::uint64_t method);

  // guardian_dead_letters.cpp: messages that nobody will handle
  struct leftover;
  void keep_leftovers(const actor_record& of, const exit_status& status);
  void report_orphans(const actor_record& of, const exit_status& status);
  void settle_leftover(const client& sender, std::uint32_t slot, std::uint64_t head);
  void settle_leftovers(const client& sender);
  void report_unhandled(const leftover& of);
  void tell_letters(const leftover& of,
                    const std::function<std::optional<std::uint32_t>(std::uint64_t)>& attempts_of);
  [[nodiscard]] static std::uint64_t head_of(const client& sender, const client::channel_end& its);
  void report_given_up(actor_record& by, const client::channel_end& end, const client& sender,
                       const client::channel_end& its, const revival& next);
  [[nodiscard]] std::string name_of(std::uint32_t id) const;

  // guardian_ownership.cpp: who spawns owns
  [[nodiscard]] bool may_own(client& owner, const spawn& wanted);
  void end_what_it_spawned(const actor_record& owner);
  void ask_to_end(actor_record& actor, const stop_after& what);
  void join_eviction(actor_record& actor, std::uint32_t number);
  void begin_eviction(std::uint32_t number);
  void force_eviction(std::uint32_t number, int signal);
  void leave_eviction(std::uint32_t number);
  void on_list(client& from, const list& wanted);
  void on_gateway(client& from, const gateway& wanted);
  void on_verify(client& from, const verify& wanted);

  // guardian_control.cpp: messages
  void serve(client& who);
  bool receive_all(client& who);
  void dispatch(client& from, control_message& message);
  template <class Message>
  void send(client& to, const Message& message, std::span<const int> descriptors = {}) {
    send_encoded(to, encode_message(message), descriptors);
  }
  /// Never waits: what a full socket does not take is kept. The descriptors stay the caller's.
  void send_encoded(client& to, encoded_message message, std::span<const int> descriptors);
  void flush(client& to);
  void on_hello(client& from, control_message& message);
  void welcome_host();
  void on_connect(client& from, const connect& wanted);
  void make_connection(client& from, const connect& wanted);
  void retry_flush(client& to);
  void on_watch(client& from, const watch& wanted);
  void tell_end(client& to, const detail::actor_ref& of);
  void tell_down(client& to, const down& what);
  void refuse(client& to, request_number request, const std::string& stage, const std::string& why);
  struct channel_pair;
  channel_pair open_channel(client& from, actor_record& to);
  void forget_channel(client& from, std::uint32_t slot);
  void introduce(client& asker, actor_record& actor, request_number request);
  void tell_stop(client& whom, const stop_after& what);
  void close_channels(actor_record& of, const exit_status& status);

  // guardian_inquiries.cpp: deadlocks
  void on_blocked(const client& from);
  void on_standing(const client& from, const standing& answer);
  void continue_inquiry(std::uint64_t number);
  void tell_deadlock(const inquiry::verdict& found);
  void end_inquiries_about(std::uint32_t actor);

  [[nodiscard]] actor_record* find(const detail::actor_ref& ref);
  [[nodiscard]] const ended_record* find_ended(const detail::actor_ref& ref) const;
  [[nodiscard]] client* find_client(std::uint32_t id);

  boost::asio::io_context loop_{1};
  std::uint64_t cookie_;
  actor_main run_actor_;
  client host_;
  bool host_is_known_ = false;
  platform::process_handle host_process_;
  readiness host_ended_{loop_};
  platform::descriptor children_;
  readiness children_ended_{loop_};
  zygote_process zygote_;  ///< pid 0: none
  control_link zygote_link_;
  readiness zygote_ready_{loop_};

  /// A start that is under way: kept whole, so that another zygote can be asked, from the beginning.
  struct pending_start {
    enum class way { zygote, module, program, itself };  ///< what it waits for; `itself`: it has a process
    way by = way::zygote;
    request_number request = 0;
    std::uint32_t owner = 0;
    std::string what;  ///< for people
    std::string module;
    bool in_program = false;
    execute order;
    start description;
    platform::descriptor control;
    platform::descriptor output;
    platform::descriptor errors;
    std::vector<platform::descriptor> arguments;  ///< where they lie outside, then their shared memory
    bool ordered = false;                         ///< of the zygote that there is now
    std::optional<standby> by_standby;            ///< that will be the actor
    std::unique_ptr<boost::asio::steady_timer> patience;
    [[nodiscard]] pending_start again() const;
  };
  std::map<std::uint32_t, pending_start> pending_starts_;
  struct revival {
    pending_start first;  ///< as it was started at first: every other start is a copy
    restart_policy policy;
    std::uint32_t max_attempts = 1;
    std::uint32_t incarnation = 0;
    std::array<platform::descriptor, 2> checkpoints;  ///< the page says which is in force
    restart_times times;
    std::unique_ptr<boost::asio::steady_timer> timer;
    std::map<std::uint32_t, std::vector<unfinished_message>> unfinished;  ///< by that one's slots
  };
  std::map<std::uint32_t, revival> revivals_;
  std::uint32_t last_epoch_ = 0;
  struct group_record {
    group_order order;
    restart_policy policy;
    std::uint32_t owner = 0;
    std::vector<std::uint32_t> members;  ///< in the order in which they were spawned
    restart_times times;
    std::deque<std::string> causes;     ///< of the last deaths
    std::set<std::uint32_t> returning;  ///< have ended, or are to end, and are started again together
    std::unique_ptr<boost::asio::steady_timer> timer;  ///< until they are killed, then until they are started
  };
  std::map<std::uint64_t, group_record> groups_;
  /// What one sender has sent to an actor that has ended; it may go on sending until it has heard of that.
  struct leftover {
    std::uint32_t sender = 0;
    std::uint32_t slot = 0;  ///< the sender's
    client::journals kept;
    channel::direction outgoing{};  ///< which of them the sender wrote
    channel::progress finished;
    std::uint64_t head = 0;                           ///< as far as is known
    std::map<std::uint64_t, std::uint32_t> attempts;  ///< at those that had begun
    ended_record receiver;
  };
  std::vector<leftover> leftovers_;
  void give_up_starts(pending_start::way which, const std::string& stage, const std::string& why);
  std::chrono::milliseconds start_timeout_{};
  start_method default_start_ = start_method::fork;
  lane default_lane_{};

  std::vector<preload_request> preloads_;
  gateway_is gateway_;
  module_loader loader_;
  standbys standbys_;
  std::unordered_set<std::uint64_t> forked_entries_;  ///< that this zygote has had
  bool is_loading_ = false;                           ///< the zygote has not said yet that it has the modules
  int failed_zygotes_ = 0;                            ///< in a row, while they loaded
  bool host_is_ready_ = false;

  std::unordered_map<std::uint32_t, std::unique_ptr<actor_record>> actors_;
  family_watch families_{loop_, [this] { return living_processes(); }};
  std::deque<ended_record> ended_;
  std::uint32_t last_id_ = 0;

  std::map<std::uint32_t, boost::asio::steady_timer> evictions_;  ///< of all below an ended actor: one grace
  std::uint32_t last_eviction_ = 0;
  std::chrono::milliseconds grace_{};
  std::uint64_t spin_ = 0;  ///< nanoseconds, of who waits for a message
  std::uint32_t max_depth_ = 0;
  std::map<std::uint64_t, inquiry> inquiries_;
  std::uint64_t last_inquiry_ = 0;

  output output_ = output::plain;
  std::unique_ptr<output_sink> standard_output_;
  std::unique_ptr<output_sink> standard_error_;

  bool is_shutting_down_ = false;
  boost::asio::steady_timer shutdown_timer_{loop_};
  stopped report_;
};

}  // namespace troupe::process_layer
