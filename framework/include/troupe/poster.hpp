// Work that other threads of an actor's process have for it.
#pragma once

#include <functional>
#include <memory>

namespace troupe {

namespace runtime {
class post_box;
}

namespace this_actor {

/// Lets threads that an actor has made itself, or a library has made for it, reach the actor: what they post runs on its one
/// thread, as a turn of its own between two messages, in the order in which it was posted. Nothing else of Troupe in the
/// process may be used by such threads.
///
/// Copies post to the same actor. What has not run when the actor stops, is dropped. An exception out of it ends the actor.
/// Threads: made in the actor's own; `post` from any. Processes: actors of a class.
class poster {
 public:
  /// Throws `std::logic_error` outside of actors and in a function's process, `std::system_error` where no descriptor is
  /// left.
  poster();
  /// Does not block, and wakes the actor where it sleeps. There is no bound: who posts sees to it that it is not too much.
  void post(std::function<void()> run) const;

 private:
  std::shared_ptr<runtime::post_box> box_;
};

}  // namespace this_actor
}  // namespace troupe
