// A member of a system: what the host's process and every actor's process do alike.
#pragma once

#include <troupe/detail/endpoint.hpp>
#include <troupe/remote.hpp>

#include "channel/page.hpp"
#include "process/control_link.hpp"
#include "runtime/connection.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::runtime {

using condition = std::function<bool()>;

/// What this member knows of another process.
struct acquaintance {
  detail::actor_ref ref;
  bool watched = false;
  std::string name;
  int pid = 0;
  std::optional<exit_status> down;
  std::vector<std::function<void(const exit_status&)>> callbacks;
};

/// Thread-safe. What differs is how one waits: the host's threads drive the channel they wait on, beside a background
/// thread; an actor's only thread drives everything.
class member : public detail::endpoint, public std::enable_shared_from_this<member> {
 public:
  member(process_layer::control_link link, const platform::descriptor& page,
         std::chrono::nanoseconds longest_spin, std::uint32_t incarnation = 0);

  spawned spawn(detail::entry_id what, const std::string& default_name, const spawn_options& options,
                const detail::body& arguments) override;
  bool tell(const detail::actor_ref& to, detail::entry_id method, const detail::body& arguments,
            detail::patience how) override;
  std::shared_ptr<detail::pending_reply> ask(const detail::actor_ref& to, detail::entry_id method,
                                             const detail::body& arguments) override;
  /// As `tell` that waits for room, but shown at once, in an open turn too.
  void tell_at_once(const detail::actor_ref& to, detail::entry_id method, const detail::body& arguments);
  void stop(const detail::actor_ref& whom) override;
  void signal(const detail::actor_ref& whom, int number) override;
  std::optional<exit_status> join(const detail::actor_ref& whom, detail::deadline until) override;
  std::shared_ptr<detail::pending_reply> ended(const detail::actor_ref& whom) override;
  int pid(const detail::actor_ref& whom) override;
  int death_descriptor(const detail::actor_ref& whom) override;
  listed_actors actors() override;
  void preload(const std::string& path) override;
  void on_down(const detail::actor_ref& whom, std::function<void(const exit_status&)> callback) override;
  /// Has `run` called as the callback of an end would be: in an actor behind the messages that have come by now.
  void run_behind_messages(const std::function<void()>& run) {
    call_back({[run](const exit_status&) { run(); }, {}});
  }
  std::shared_ptr<detail::endpoint> home(detail::actor_ref& ref) override;
  /// As `remote::join_turn`.
  [[nodiscard]] virtual bool join_turn(remote::turn_part&) { return false; }

  /// This system's gateway, or what is to be it from now on; `node` 0: there is none. Waits for a round trip to the guardian,
  /// as long as there is none.
  remote::gateway_entry gateway(const remote::gateway_entry& is = {});
  /// Whether that is an actor of this system, alive or of a known end, and its key. Waits for a round trip to the guardian.
  [[nodiscard]] bool verify(const detail::actor_ref& whom);
  /// As `ask`, but null, and nothing sent, where the mailbox is full. In an open turn it is sent with that.
  std::shared_ptr<detail::pending_reply> try_ask(const detail::actor_ref& to, detail::entry_id method,
                                                 const detail::body& arguments);

  /// Waits until `done`, which is called with the connection's mutex held; false at the deadline. `done` depends on what
  /// comes over the connection.
  virtual bool wait_on(connection& over, const condition& done, detail::deadline until) = 0;
  /// As `wait_on`, for what comes over one of several connections, each named once. `done` is called without a lock.
  virtual bool wait_on_any(std::span<connection* const> overs, const condition& done,
                           detail::deadline until) = 0;

  /// Tells the peer that nobody wants that call's answer.
  void cancel_call(std::uint32_t peer, std::uint32_t slot, std::uint64_t call);
  /// Kills a process that it is connected to.
  void kill_peer(std::uint32_t peer);
  /// An answer is due on a connection that nobody may be waiting on.
  virtual void asked(const std::shared_ptr<connection>& over) = 0;
  /// Has `what` run where callbacks run. Any thread; does not run it before it returns, but after the system's end.
  virtual void run_later(std::function<void()> what) = 0;

 protected:
  /// Waits until `done`, which is called with `mutex_` held and depends on control messages, and where `on` is not 0 on what
  /// that actor does; false at the deadline.
  virtual bool wait_for_control(const condition& done, detail::deadline until, std::uint32_t on = 0) = 0;
  /// Whether sends of the calling thread belong to an open turn.
  [[nodiscard]] virtual bool in_turn() const { return false; }
  /// A send has joined the open turn.
  virtual void touched(const std::shared_ptr<connection>&) {}
  /// A connection has been closed because the other end broke the protocol.
  virtual void report_broken(const std::exception_ptr&) {}
  /// A request has come in.
  virtual void receive_request(const std::shared_ptr<connection>& from, channel::message&& request) = 0;
  /// There is a connection more, and it is to be listened to.
  virtual void added(const std::shared_ptr<connection>&) {}

  /// Takes in what has arrived: replies settle asks, requests go to `receive_request`. Only for whoever holds `reading`.
  /// Where the other end breaks the protocol, the connection ends with that as its cause; everything else goes on.
  bool pump(const std::shared_ptr<connection>& over);
  /// As that, where the socket can be read.
  bool pump_readable(const std::shared_ptr<connection>& over);
  /// As `pump`, up to the next request in the journal, which it hands to the caller; false where there is none.
  [[nodiscard]] bool next_request(const std::shared_ptr<connection>& over, channel::message& request);
  /// For `next_request`: takes what the socket has. Likewise.
  void read_packets(const std::shared_ptr<connection>& over);
  /// Handles a control message that both kinds of member get; false where it is another.
  bool handle_control(process_layer::control_message& message);
  /// What somebody waits for an end with, and the end.
  struct due_callback {
    std::function<void(const exit_status&)> run;
    exit_status status;
  };
  [[nodiscard]] std::vector<due_callback> take_callbacks();
  /// Runs what waits for ends, outside of any lock.
  void run_callbacks();
  /// Runs what waits for an end that is known already.
  virtual void call_back(const due_callback& due) { due.run(due.status); }
  /// The system is gone: ends everything that waits.
  void close_all();

  void check_not_stopped() const;
  std::shared_ptr<connection> find_connection(const detail::actor_ref& to);
  std::shared_ptr<connection> look_up_connection(const detail::actor_ref& to);
  template <class Message>
  void send_control(const Message& message, std::span<const int> descriptors = {}) {
    const std::lock_guard lock{sending_};
    if (!link_ || !link_.send(message, descriptors)) throw_guardian_gone();
  }
  /// Ends the connection to the guardian; who would send later throws `system_stopped`.
  void close_link() {
    const std::lock_guard lock{sending_};
    link_.close();
  }
  std::shared_ptr<connection> add_connection(process_layer::control_message& message,
                                             const process_layer::channel_numbers& numbers,
                                             const std::string& name,
                                             const process_layer::accepted& old = {});
  void accept(process_layer::control_message& message, const process_layer::accepted& what);
  /// Whether the channel of a peer that has ended is still of use: `let_go` ends it then.
  [[nodiscard]] virtual bool outlives_channel(const connection&) const { return false; }
  void let_go(const std::shared_ptr<connection>& over);
  /// Reads what its peer sent before it ended, once nobody else reads from it any more.
  void read_the_last(const std::shared_ptr<connection>& over);
  /// Ends a connection whose peer has ended, and of which the last has been read.
  /// True where nothing of it is needed any more: `let_go` is due.
  [[nodiscard]] bool end_connection(const std::shared_ptr<connection>& over, const exit_status& status);
  /// Stops listening to a connection that is about to end, and wakes a thread that waits on its socket.
  virtual void interrupt(connection& over) = 0;
  /// Asks every actor that this member is connected to to stop, after what was sent to it.
  void stop_all();

  std::chrono::nanoseconds longest_spin_;  ///< of waits
  process_layer::control_link link_;
  channel::page page_;

  mutable std::mutex mutex_;  // of everything below
  std::condition_variable control_changed_;
  std::atomic<bool> stopped_{false};  ///< nothing works any more
  bool is_ending_ = false;            ///< the end has begun
  /// By peer. Two processes that connected to each other at once have two; the first is the one to send over.
  std::unordered_multimap<std::uint32_t, std::shared_ptr<connection>> connections_;
  std::unordered_map<std::uint32_t, std::shared_ptr<connection>> routes_;
  std::unordered_map<std::uint32_t, acquaintance> acquaintances_;
  std::deque<std::uint32_t> ended_;  ///< of these, in the order of their ends
  remote::gateway_entry gateway_;    ///< once it has been asked for, and is there
  std::unordered_map<std::uint32_t, std::shared_ptr<detail::endpoint>> nodes_;  ///< what stands for others

 private:
  struct guardian_request {
    bool done = false;
    process_layer::refused refusal;
    std::optional<spawned> made;
    int host_pid = 0;
    std::vector<actor_entry> actors;
    remote::gateway_entry gateway;
    bool is_so = false;
    std::shared_ptr<connection> over;
  };
  [[noreturn]] static void throw_guardian_gone();
  void open_request(process_layer::request_number& number);
  template <class Fill>
  void complete(process_layer::request_number number, Fill fill);
  guardian_request wait_for(process_layer::request_number number);
  std::shared_ptr<connection> connect(const detail::actor_ref& to);
  /// Sends one message now, waiting for room; calls `sent` under the connection's mutex before any answer can be read.
  void send_now(const std::shared_ptr<connection>& over, channel::envelope what, const detail::body& body,
                const std::function<void(std::uint64_t call)>& sent);
  void on_lost(process_layer::control_message& message);
  void take_in(const std::shared_ptr<connection>& over, channel::message&& came);
  void take_in_reply(const std::shared_ptr<connection>& over, channel::message&& came);
  bool close_broken(const std::shared_ptr<connection>& over, const malformed_message& problem);
  [[nodiscard]] std::optional<exit_status> end_of(std::uint32_t whom) const;
  acquaintance& watch(const detail::actor_ref& whom, std::unique_lock<std::mutex>& lock);
  void on_down_message(const process_layer::down& message);
  void note_end(const process_layer::down& message);
  void on_interrupted(const process_layer::interrupted& message);
  void on_connected(process_layer::control_message& message);
  void on_reattached(process_layer::control_message& message);
  std::shared_ptr<connection> find_channel(std::uint32_t peer, std::uint32_t slot);
  void drain(const std::shared_ptr<connection>& over);
  static bool break_off(connection& over, const std::exception_ptr& cause);

  std::mutex sending_;  // of link_
  process_layer::request_number
      last_request_;  // above those of the actor's earlier processes: their answers may still come
  std::map<process_layer::request_number, guardian_request> requests_;
  std::vector<due_callback> due_;
  std::uint64_t serial_;  // tells members apart that had the same address
};

}  // namespace troupe::runtime
