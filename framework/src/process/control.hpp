// The control protocol between the guardian and everybody else: plain aggregates, one a packet, a kind in front. Data never
// travels here, so control is never behind data.
#pragma once

#include <troupe/detail/codec.hpp>

#include "platform/limits.hpp"
#include "process/control_news.hpp"
#include "process/control_requests.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::process_layer {

// --- Starting a process ---------------------------------------------------------------------------------------------------

/// To the zygote, or as a part of `execute`. Descriptors: the new actor's control socket (to the zygote only), its standard
/// output, its standard error. For actor 0 the new process is a standby: it is sent another one of these, without descriptors,
/// when it is needed.
struct fork {
  static constexpr auto kind = control_kind::fork;
  std::uint32_t actor = 0;
  std::string name;
  std::uint64_t entry = 0;
  platform::limits limits;  ///< where there are any, the new process says `entered`
};

/// The first message to a process that was executed to be an actor.
struct execute {
  static constexpr auto kind = control_kind::execute;
  std::uint64_t cookie = 0;
  fork what;
  std::vector<std::string> modules;  ///< to be loaded
  std::string module;  ///< to be loaded too where the entry is not there without it; may be empty
};

/// From a new actor, or the new zygote (`loaded`): it is what it was to be, or why it is not and ends.
struct entered {
  static constexpr auto kind = control_kind::entered;
  std::string stage;  ///< empty: all is well
  std::string why;
};
struct loaded {
  static constexpr auto kind = control_kind::loaded;
  std::string why;  ///< empty: all is well
};

struct forked {
  static constexpr auto kind = control_kind::forked;
  std::uint32_t actor = 0;
  std::int32_t pid = 0;  ///< 0: the fork failed
  std::string stage;
  std::string why;
};

/// The stage of a start that failed because the program of the actors does not have what is to be run.
inline constexpr const char* unknown_entry = "unknown";

}  // namespace troupe::process_layer
