// How the guardian signals its children.
#pragma once

#include "platform/process.hpp"

namespace troupe::process_layer {

/// Sends signals to children of this process, each by a pidfd that is opened for it: one held for each child would be a
/// quarter more descriptors, of which there are not enough for thousands. One is kept free for it, so that a process that
/// has none left can still kill.
class child_signals {
 public:
  /// To a child that has not been reaped. False where it has ended, or has become another user's.
  bool send(pid_t child, int signal) {
    place_ = {};
    const bool sent = platform::process_handle::open(child).send(signal);
    place_ = platform::process_handle::open(platform::own_pid());
    return sent;
  }

 private:
  platform::process_handle place_ = platform::process_handle::open(platform::own_pid());
};

}  // namespace troupe::process_layer
