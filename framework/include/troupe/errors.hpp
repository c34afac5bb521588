// What can go wrong between actors, sorted by what the caller can do about it.
//
//   error                  everything below
//   ├─ timeout             the answer is late: wait again, or give up
//   ├─ actor_down          the actor is gone; says whether the call had begun
//   ├─ remote_exception    the handler threw something that has no standard type
//   ├─ cancelled           the answer was given up, by future::cancel
//   ├─ broken_promise      the actor let go of a promise without an answer
//   ├─ would_deadlock      waiting would be for ever: the actor waited for waits for this one
//   ├─ start_failed        a process could not be started; says at which stage
//   ├─ system_stopped      the system is gone: use after stop
//   ├─ malformed_message   bytes that no message of that type can have
//   │  └─ refused_message  the same, and no handler has seen it: the actor goes on
//   ├─ owner_died          who had a lock, or a permit, ended without giving it back: judge what it protects
//   ├─ not_held            a lock or a permit was given back by who does not have it
//   ├─ broken_barrier      a party of the barrier is gone: nobody need wait for the others
//   └─ stop_requested      thrown inside a function that has been asked to stop: let it pass
//
// A handler's exception reaches the asker as its own type where that is one of the standard library's: those of
// <stdexcept>, `std::system_error` with its code, `std::filesystem::filesystem_error`, `std::future_error`, `std::bad_alloc`
// and the other `std::bad_...`. What was nested in it is nested in it there too.
#pragma once

#include <troupe/exit_status.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe {

/// Base of all errors that are Troupe's own.
class error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The answer did not come in time. It may still come: the future can be asked again.
class timeout : public error {
 public:
  using error::error;
};

/// What became of a call whose actor died.
enum class call_fate : std::uint8_t {
  not_started,   ///< its handler never began: safe to repeat elsewhere
  died_running,  ///< its handler had begun; what it did outside is unknown
  gone,          ///< the actor had ended before the call was made
};

/// The actor's process has ended.
class actor_down : public error {
 public:
  actor_down(const std::string& actor, call_fate fate, exit_status status);
  [[nodiscard]] const std::string& actor() const { return actor_; }
  [[nodiscard]] call_fate fate() const { return fate_; }
  [[nodiscard]] const exit_status& status() const { return status_; }

 private:
  std::string actor_;
  call_fate fate_;
  exit_status status_;
};

/// A handler threw something other than a standard exception.
class remote_exception : public error {
 public:
  /// An exception that was nested in another, as `std::throw_with_nested` does.
  struct cause {
    std::string type;
    std::string text;
  };

  remote_exception(const std::string& actor, std::string type, std::string text,
                   std::vector<cause> nested = {});
  [[nodiscard]] const std::string& actor() const { return actor_; }
  [[nodiscard]] const std::string& type() const { return type_; }  ///< demangled, `int` too
  /// Its what(), whatever bytes these are; empty for what is no std::exception. Cut at 32 KiB, and says so at its end.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// What was nested in it, outermost first: at most 64, each text cut at 4 KiB, and all together at 24 KiB.
  [[nodiscard]] const std::vector<cause>& nested() const { return nested_; }

 private:
  std::string actor_;
  std::string type_;
  std::string text_;
  std::vector<cause> nested_;
};

/// The call was cancelled: at the caller, who gave the answer up, and in the handler, if that is a coroutine.
class cancelled : public error {
 public:
  using error::error;
};

class broken_promise : public error {
 public:
  using error::error;
};

/// The wait closes a circle of actors that all wait for each other: through asks, full mailboxes, joins, or queues of which
/// all known readers (or writers) are in it. Thrown in the actor whose wait closed the circle, and there only; what() names
/// all of them. What was asked is given up, as by `future::cancel`. Waits with a patience end by themselves and are part of no circle; the host's
/// threads neither. (The rule is gen_server's `calling_self`, for circles of any length.)
class would_deadlock : public error {
 public:
  using error::error;
};

/// A process could not be started, or did not come as far as it must.
class start_failed : public error {
 public:
  start_failed(std::string stage, const std::string& why);
  [[nodiscard]] const std::string& stage() const { return stage_; }

 private:
  std::string stage_;
};

class system_stopped : public error {
 public:
  using error::error;
};

class malformed_message : public error {
 public:
  using error::error;
};

/// As `malformed_message`, before any handler saw the message: its arguments could not be read, or nothing of that name
/// is there to be called.
class refused_message : public malformed_message {
 public:
  using malformed_message::malformed_message;
};

/// Who had a lock, or a semaphore's permit, ended without giving it back. What that protects may be half changed.
class owner_died : public error {
 public:
  using error::error;
};

/// A lock, or a bounded semaphore's permit, was given back by a thread that does not have it. Nothing was done.
class not_held : public error {
 public:
  using error::error;
};

/// A party of the barrier died, or gave up, or somebody broke it: it never comes to its end.
class broken_barrier : public error {
 public:
  using error::error;
};

class stop_requested : public error {
 public:
  using error::error;
};

}  // namespace troupe
