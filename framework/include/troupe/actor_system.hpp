// The system: where actors are spawned, and what ends them.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/dead_letter.hpp>
#include <troupe/group.hpp>
#include <troupe/handover.hpp>
#include <troupe/options.hpp>
#include <troupe/process.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

template <class T>
class queue;
struct queue_options;

namespace detail {
enum class by_object : bool {};  // keeps `spawn<f>` and `spawn<A>` apart from `spawn(f)`

template <class... Arguments>
inline constexpr bool begins_with_options = false;
template <class First, class... Rest>
inline constexpr bool begins_with_options<First, Rest...> =
    std::is_same_v<std::remove_cvref_t<First>, spawn_options>;
}  // namespace detail

/// To be called at the top of a `main` that does anything before it makes its `actor_system`: in a process that the library
/// started from this program it never returns; in the program itself it does nothing.
void guard(int argc, char** argv);

/// How the actors of a system ended.
struct stop_report {
  struct entry {
    std::string name;
    int pid = 0;
    exit_status status;
  };
  std::vector<entry> stopped;          ///< in an orderly way, or by themselves, in the order of their ends
  std::vector<entry> killed;           ///< by SIGTERM or SIGKILL after the grace
  std::vector<dead_letter> unhandled;  ///< what they left unread, the last 1,000 at most
};

/// A system of actors, each in its own process, and the guard of `main`: in a process that the library started from this
/// program, its constructor never returns.
///
/// The constructor starts the program a second time, as the guardian: a small single-threaded process that owns all
/// others. It throws `start_failed` where that does not come to its guard. Nothing is imposed on the host but one
/// background thread: no signal handler, no waitpid, no change to its streams.
///
/// ## Ending
/// The destructor calls `stop` with the grace of the options. When the host dies, by whatever signal, the guardian kills
/// every process of the system. Nothing has a name in the file system, so nothing stays.
///
/// Threads: all members may be called from any thread, but for the destructor. Processes: the one that made it; inside an
/// actor, `this_actor::system()`.
class actor_system {
 public:
  explicit actor_system(system_options options = {});
  ~actor_system();
  actor_system(const actor_system&) = delete;
  actor_system& operator=(const actor_system&) = delete;

  /// Starts a process in which `A{arguments...}` is constructed and then handles messages. Returns when the process exists;
  /// an exception from the constructor ends it with that as its cause. Throws `start_failed`, `system_stopped`.
  template <class A, class... Arguments>
  actor<A> spawn(const spawn_options& options, Arguments&&... arguments) {
    using parameters = std::tuple<sent_as<Arguments>...>;
    if constexpr (detail::check_constructor<A, sent_as<Arguments>...>() &&
                  detail::check_arguments<parameters, Arguments...>()) {
      const auto made = start<parameters>(detail::constructor_entry<A, parameters>::registered, options,
                                          std::forward<Arguments>(arguments)...);
      return actor<A>{made.where, made.ref, made.name};
    }
  }
  template <class A, class... Arguments>
  requires(!detail::begins_with_options<Arguments...>) actor<A> spawn(Arguments&&... arguments) {
    return spawn<A>(spawn_options{}, std::forward<Arguments>(arguments)...);
  }

  /// Starts a process that calls `Function(arguments...)`, a function or a captureless lambda, and ends when it returns,
  /// with exit code 0 whatever it returns.
  template <auto Function, class... Arguments>
  process spawn(const spawn_options& options, Arguments&&... arguments) {
    using parameters = typename detail::callable_traits<decltype(Function)>::parameters;
    if constexpr (detail::check_function<Function>() && detail::check_arguments<parameters, Arguments...>()) {
      const auto made = start<parameters>(detail::function_entry<Function>::registered, options,
                                          std::forward<Arguments>(arguments)...);
      return process{made.where, made.ref, made.name};
    }
  }
  template <auto Function, class... Arguments>
  requires(!detail::begins_with_options<Arguments...>) process spawn(Arguments&&... arguments) {
    return spawn<Function>(spawn_options{}, std::forward<Arguments>(arguments)...);
  }

  /// As `spawn<function>(arguments...)`, for a lambda written in its place: `spawn([](int n) { ... }, 3)`.
  template <detail::by_object = detail::by_object{}, class Function, class... Arguments>
  process spawn(const spawn_options& options, Function function, Arguments&&... arguments) {
    if constexpr (detail::check_object<Function>()) {
      static_cast<void>(function);
      return spawn<Function{}>(options, std::forward<Arguments>(arguments)...);
    }
  }
  template <detail::by_object = detail::by_object{}, class Function, class... Arguments>
  requires(!detail::begins_with_options<Function>) process
      spawn(Function function, Arguments&&... arguments) {
    return spawn(spawn_options{}, function, std::forward<Arguments>(arguments)...);
  }

  /// Starts a queue; needs <troupe/queue.hpp>.
  template <class T>
  queue<T> make_queue() {
    return queue<T>{*this};
  }
  template <class T>
  queue<T> make_queue(const queue_options& options) {
    return queue<T>{*this, options};
  }

  /// Loads a shared library into every actor that is started from now on: a plug-in that the host has loaded since the
  /// system was made. Spawning what is in such a library does this by itself; actors that are there already stay without
  /// it. The host does not load it. Waits; throws `start_failed`, stage "preload", with the loader's words.
  void preload(const std::string& path) { endpoint_->preload(path); }

  /// The actors that are alive: those of the whole system, also in an actor. Waits for a round trip to the guardian.
  /// Throws `system_stopped`.
  [[nodiscard]] std::vector<actor_entry> actors() const;

  /// Who owns whom: the host, below it the actors that it has spawned, below these theirs, in the order of their spawns; also
  /// those whose process has died and is about to be replaced. As `actors` otherwise.
  [[nodiscard]] actor_tree tree() const;

  /// Messages that were accepted and that nobody will handle, oldest first: the last 1,000. Also after the system's end. In
  /// the host; throws `std::logic_error` inside an actor.
  [[nodiscard]] std::vector<dead_letter> dead_letters() const;
  /// Calls `callback` with each dead letter from now on, on the system's background thread: it must not block there.
  /// Replaces the last one, which is not running any more when this returns; an empty function ends it. Exceptions from it end the process. In the host; throws
  /// `std::logic_error` inside an actor.
  void on_dead_letter(std::function<void(const dead_letter&)> callback);

  /// Calls `callback` when a group that the host owns has ended because its members died too often, on the system's
  /// background thread: it must not block there. Replaces the last one. Exceptions from it end the process. In the host;
  /// throws `std::logic_error` inside an actor.
  void on_escalation(std::function<void(const escalation&)> callback);

  /// Calls `callback` when an actor hangs, as its `spawn_options::on_hang` has it; as `on_escalation` otherwise.
  void on_hang(std::function<void(const hang&)> callback);

  /// Has SIGINT and SIGTERM end this system. The first is orderly: every actor is asked to stop as by `stop`, with the
  /// options' grace, and what this process waits for, or asks for from then on, throws `system_stopped`; leaving the
  /// system's scope waits for the rest. The second ends this process by that signal, and all others with it. Installs
  /// handlers of its own until the system's end, then the former ones are back; a signal that is ignored stays so. Throws
  /// `std::logic_error` inside an actor.
  void handle_signals();
  /// The signal that has ended the system in this way; 0: none.
  [[nodiscard]] int interrupted_by() const;

  /// What this system has made that there still is, a line each, for tests and for who looks after a leak: its processes
  /// ("process 4711 (counter-1)", zombies too), this process's channels, the background thread. Empty after `stop`. A
  /// program that an actor has started, and that has made a session of its own (setsid), is not found. In the host, while nobody is in `stop`;
  /// throws `std::logic_error` inside an actor.
  [[nodiscard]] std::vector<std::string> residue() const;

  /// Stops every actor: asks them all, then SIGTERM after `grace`, then SIGKILL to whole families. Returns within `grace`
  /// and a second. Afterwards every handle throws `system_stopped`; a second call returns an empty report.
  stop_report stop(std::chrono::milliseconds grace);
  stop_report stop();

 private:
  friend class detail::system_access;
  explicit actor_system(std::shared_ptr<detail::endpoint> inside_an_actor)
      : endpoint_{std::move(inside_an_actor)} {}

  /// Constructor arguments travel by value; text literals as strings.
  template <class Argument>
  using sent_as =
      std::conditional_t<std::is_convertible_v<Argument, const char*>, std::string, std::decay_t<Argument>>;

  struct started {
    std::shared_ptr<detail::endpoint> where;
    detail::actor_ref ref;
    std::string name;
  };
  template <class Parameters, class... Arguments>
  started start(const detail::registrar& what, const spawn_options& options, Arguments&&... arguments) {
    detail::handover_scope handover;
    auto made = detail::with_body<Parameters>(
        [&](const detail::body& body) {
          return endpoint_->spawn(what.id(), what.display_name(), options, body);
        },
        std::forward<Arguments>(arguments)...);
    auto where = endpoint_->home(made.ref);
    handover.sent(process{where, made.ref, made.name});
    return {std::move(where), made.ref, std::move(made.name)};
  }

  std::shared_ptr<detail::endpoint> endpoint_;
  system_options options_;
};

}  // namespace troupe
