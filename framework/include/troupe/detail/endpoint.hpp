// What the templates of the public headers ask of the library: this process as a member of a system.
#pragma once

#include <troupe/actor_entry.hpp>
#include <troupe/detail/body.hpp>
#include <troupe/detail/registrar.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/options.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::detail {

using deadline = std::chrono::steady_clock::time_point;
inline constexpr deadline no_deadline = deadline::max();

/// The deadline that is `patience` from now, without overflow.
[[nodiscard]] deadline deadline_in(std::chrono::nanoseconds patience);

/// Names an actor in messages. The key is the right to send to it: it is drawn at random and known only to holders.
struct actor_ref {
  std::uint32_t id = 0;
  std::uint32_t node =
      0;  ///< 0: the system that holds the handle; else another node's number (<troupe/remote.hpp>)
  std::uint64_t key = 0;
};

/// This system's number, while the calling thread writes a message for another node; else 0.
inline constinit thread_local std::uint32_t outward_node = 0;
/// How that actor is named in the message that is being written: what is this system's own has its number elsewhere.
inline actor_ref outward(actor_ref ref) {
  if (ref.node == 0) ref.node = outward_node;
  return ref;
}

/// How an ask stands. Made by `endpoint::ask`, settled once: by a reply, an error, the actor's death or the system's end.
class pending_reply {
 public:
  pending_reply() = default;
  pending_reply(const pending_reply&) = delete;
  pending_reply& operator=(const pending_reply&) = delete;
  virtual ~pending_reply() = default;
  /// Drives the answer's arrival, without waiting; true once it is there.
  virtual bool ready() = 0;
  /// Waits; false at the deadline. Throws `stop_requested`.
  virtual bool wait(deadline until) = 0;
  /// The reply's bytes, valid as long as this object. Only once `ready`; throws what the ask ended with.
  virtual byte_reader result() = 0;

  /// Whether it has been settled; does not drive the answer's arrival. Any thread.
  [[nodiscard]] virtual bool settled() const noexcept = 0;
  /// Waits until one of `several`, of which this is one, is settled, whatever systems they belong to; false at the deadline.
  /// Drives the arrival of them all. Throws `stop_requested`.
  virtual bool wait_any(std::span<pending_reply* const> several, deadline until) = 0;
  /// Calls `run` once after this has been settled, on the thread that runs callbacks: in the host the background thread,
  /// which reads the channel where nobody else does; in an actor its one thread, as a turn of its own between two messages;
  /// in a function's process while that waits in the library; after a system's end the calling thread. At most one
  /// before this has been settled.
  virtual void then(std::function<void()> run) = 0;
  /// Settles it with `cancelled`, where it is not settled, and tells the actor.
  virtual void cancel() = 0;
  /// Whether its handler has begun. Any thread.
  [[nodiscard]] virtual bool has_begun() = 0;
  /// As `cancel` where it has not begun; where its handler runs, kills the actor. It is settled by what comes of that.
  virtual void abort() = 0;
  /// Of the process that has answered, once it has; else 0.
  [[nodiscard]] virtual std::uint32_t incarnation() const { return 0; }

  /// Of an answer that comes by way of others: those of which one must be settled before `advance` can bring it nearer.
  /// nullopt for an ask.
  virtual std::optional<std::vector<std::shared_ptr<pending_reply>>> sources() { return std::nullopt; }
  virtual void advance() {}
};

/// Waits as `pending_reply::wait_any` does, for asks and for what comes by way of others.
bool wait_for_any(std::span<pending_reply* const> several, deadline until);

enum class patience : std::uint8_t { wait, refuse };

/// This process as a member of a system: the host's, or an actor's. Members may be called from any thread.
class endpoint {
 public:
  endpoint() = default;
  endpoint(const endpoint&) = delete;
  endpoint& operator=(const endpoint&) = delete;
  virtual ~endpoint() = default;

  struct spawned {
    actor_ref ref;
    std::string name;
  };
  virtual spawned spawn(entry_id what, const std::string& default_name, const spawn_options& options,
                        const body& arguments) = 0;

  /// False only where `how` is `refuse` and the mailbox has no room. Throws `actor_down`, `system_stopped`.
  virtual bool tell(const actor_ref& to, entry_id method, const body& arguments, patience how) = 0;
  virtual std::shared_ptr<pending_reply> ask(const actor_ref& to, entry_id method, const body& arguments) = 0;

  virtual void stop(const actor_ref& whom) = 0;
  virtual void signal(const actor_ref& whom, int number) = 0;
  virtual std::optional<exit_status> join(const actor_ref& whom, deadline until) = 0;
  /// An answer that comes when that process has ended: its `exit_status`.
  virtual std::shared_ptr<pending_reply> ended(const actor_ref& whom) = 0;
  virtual int pid(const actor_ref& whom) = 0;
  /// A new descriptor, the caller's.
  virtual int death_descriptor(const actor_ref& whom) = 0;
  struct listed_actors {
    int host_pid = 0;
    std::vector<actor_entry> actors;  ///< in the order of their numbers; also those between two processes
  };
  virtual listed_actors actors() = 0;
  virtual void preload(const std::string& path) = 0;
  virtual void on_down(const actor_ref& whom, std::function<void(const exit_status&)> callback) = 0;

  /// What calls the actor that a message names which is read here: this, or what stands for the actor's node. Makes `ref` the
  /// name that it is known by there. Blocks for a round trip to the guardian the first time. Throws `malformed_message`
  /// where this system is no node of several.
  virtual std::shared_ptr<endpoint> home(actor_ref& ref) = 0;
};

/// The endpoint of the actor that this process is. Throws `std::logic_error` outside an actor.
[[nodiscard]] std::shared_ptr<endpoint> own_endpoint();
/// `home` of the endpoint that a message is being decoded for. Throws `malformed_message` where there is none.
[[nodiscard]] std::shared_ptr<endpoint> home_of(actor_ref& ref, endpoint* where);

/// Answers one ask, at most once; an ask that nobody answers ends as `broken_promise`. Not thread-safe.
class replier {
 public:
  virtual ~replier() = default;
  virtual void value(const body& result) = 0;
  virtual void error(std::exception_ptr problem) = 0;
  /// For an answer that comes later: owns what `*this` refers to.
  virtual std::unique_ptr<replier> detach() = 0;
};

}  // namespace troupe::detail
