// What can be chosen about a system and about an actor. Every default is meant to be right for most.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe {

namespace detail {
struct not_from_braces {};  // keeps `spawn<f>({"text"})` from silently meaning an options aggregate
}  // namespace detail

/// How what actors print reaches the host's standard output and error. Lines are never mixed.
enum class output : std::uint8_t {
  plain,    ///< as printed
  tagged,   ///< every line behind its actor's name: "[name] line"
  discard,  ///< thrown away; the last of a standard error is still kept for `exit_status::last_words`
};

struct system_options {
  detail::not_from_braces only_named{};

  /// How long leaving the scope waits for actors that were asked to stop, before SIGTERM and then SIGKILL: an actor that is
  /// in the middle of something has a chance, a stuck one does not hold up the host.
  std::chrono::milliseconds grace = std::chrono::seconds{2};

  /// How long the program's second start may take to reach its guard: static constructors run in it.
  std::chrono::milliseconds start_timeout = std::chrono::seconds{10};

  troupe::output output = troupe::output::plain;

  /// How deep actors may spawn actors: those of the host are at depth 1. What would be deeper is refused (`start_failed`,
  /// stage "too_deep"), so that actors that spawn their like do not take the machine.
  std::uint32_t max_depth = 64;
};

struct spawn_options {
  detail::not_from_braces only_named{};

  /// Shown by ps, in output and in errors; need not be unique. Empty: the class or function's name and a number.
  std::string name{};

  /// Bounds of what one sender may have waiting at this actor; whichever is reached first makes `tell` wait. One message
  /// larger than the bound still passes, alone.
  std::size_t mailbox_messages = 16384;
  std::size_t mailbox_bytes = std::size_t{1} << 20;  ///< rounded up to a power of two, at least 128 KiB

  /// How many handlers that are coroutines (`task<T>`) may be suspended at a time: 1 to 16. With 1 each is finished before
  /// the next coroutine begins.
  std::uint32_t in_flight = 16;
};

}  // namespace troupe
