// The control protocol's kinds of messages, and what all of them have.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::process_layer {

enum class control_kind : std::uint8_t {
  hello = 1,
  ready,
  spawn,
  spawned,
  refused,
  connect,
  connected,
  accepted,
  watch,
  watching,
  down,
  stop,
  signal,
  failed,
  shutdown,
  stopped,
  release,
  start,
  fork,
  forked,
  list,
  listed,
  blocked,
  inquire,
  standing,
  deadlocked,
  execute,
  entered,
  loaded,
  preload,
  preloaded,
  cancel,
  interrupted,
  reattached,
  unhandled,
  escalated,
  hangs,
  gateway,
  gateway_is,
  verify,
  verified,
};

/// Of this protocol. The guardian's program may be another file than the host's (`system_options::executable`).
inline constexpr std::uint32_t control_version = 12;

/// Of how many actors it is remembered how they ended, for whoever asks late.
inline constexpr std::size_t remembered_ends = 4096;

/// Chosen by whoever asks; its answer carries it.
using request_number = std::uint64_t;

}  // namespace troupe::process_layer
