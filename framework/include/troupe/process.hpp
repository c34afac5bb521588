// A handle to an actor's process.
#pragma once

#include <troupe/detail/endpoint.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/future.hpp>
#include <troupe/sentinel.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace troupe {

/// A handle to a function's process, and the part of an `actor<A>` that has to do with its process. Copies name the same
/// process; a handle travels inside messages. Dropping it changes nothing: the system owns the process.
///
/// ## Ending
/// `stop()` asks for an orderly end, `terminate()` and `kill()` force one (SIGTERM, SIGKILL, through a pidfd: never to a
/// wrong process); all return at once, and do nothing to a process that has ended. `join` waits.
///
/// Threads: any. Processes: any of the same system, and of the other nodes where it is one of several. After the system's end
/// every member but `name` throws `system_stopped`.
class process {
 public:
  process() = default;
  process(std::shared_ptr<detail::endpoint> where, detail::actor_ref ref, std::string name)
      : where_{std::move(where)}, ref_{ref}, name_{std::move(name)} {}

  [[nodiscard]] const std::string& name() const { return name_; }

  /// The process's number, for display. Blocks for a round trip to the guardian where this process did not start it.
  [[nodiscard]] int pid() const { return endpoint().pid(ref_); }

  /// Whether the process has not ended, as far as the system has heard.
  [[nodiscard]] bool is_alive() const { return !join_for(std::chrono::nanoseconds{0}); }

  /// Asks for an orderly end: an actor handles what this process sent it before, then is destroyed; a function's next
  /// blocking call into the library throws `stop_requested`.
  void stop() const { endpoint().stop(ref_); }
  void terminate() const;
  void kill() const;

  /// Stops the process where it stands (SIGSTOP), until `resume` (SIGCONT) or its death; both return at once. For seeing how
  /// the others bear it.
  void pause() const;
  void resume() const;

  /// Waits for the end. What the actor printed has then been passed on.
  troupe::exit_status join() const { return *endpoint().join(ref_, detail::no_deadline); }

  /// As `join`; nullopt after `patience`. Zero or less returns at once.
  std::optional<troupe::exit_status> join_for(std::chrono::nanoseconds patience) const {
    return endpoint().join(ref_, detail::deadline_in(patience));
  }

  /// The end as a future, for `wait_any` and `then`: ready when the process has ended, also where it already has. What the
  /// process printed may then still be on its way. Blocks for a round trip to the guardian where the two have not been
  /// connected.
  [[nodiscard]] future<troupe::exit_status> ended() const {
    return future<troupe::exit_status>{endpoint().ended(ref_)};
  }

  /// The status, once the process has ended.
  [[nodiscard]] std::optional<troupe::exit_status> exit_status() const {
    return join_for(std::chrono::nanoseconds{0});
  }

  /// Calls `callback` once when the process has ended, also where it already has: in a host on the system's background
  /// thread (it must not block there), in an actor between two messages. Exceptions from it end the process that threw.
  void on_down(std::function<void(const troupe::exit_status&)> callback) const {
    endpoint().on_down(ref_, std::move(callback));
  }

  /// A descriptor that becomes readable when the process ends: for who waits in poll, epoll or a loop of his own. Where it
  /// has ended already it is readable at once. Blocks for a round trip to the guardian. Throws `std::system_error` where no
  /// descriptor is left.
  [[nodiscard]] troupe::sentinel sentinel() const {
    return troupe::sentinel{endpoint().death_descriptor(ref_)};
  }

  /// Whether two handles name the same process.
  friend bool operator==(const process& a, const process& b) {
    return a.ref_.id == b.ref_.id && a.ref_.node == b.ref_.node && a.ref_.key == b.ref_.key;
  }

 protected:
  [[nodiscard]] detail::endpoint& endpoint() const;
  [[nodiscard]] const detail::actor_ref& ref() const { return ref_; }

 private:
  template <class T>
  friend struct detail::wire_form;
  std::shared_ptr<detail::endpoint> where_;
  detail::actor_ref ref_;
  std::string name_;
};

namespace detail {

struct handle_form {
  actor_ref ref;
  std::string name;
};
template <>
struct wire_form<process> {
  static handle_form to(const process& handle) { return {outward(handle.ref_), handle.name_}; }
  static process from(handle_form form, endpoint* where) {
    auto home = home_of(form.ref, where);
    return {std::move(home), form.ref, std::move(form.name)};
  }
};

}  // namespace detail

}  // namespace troupe
