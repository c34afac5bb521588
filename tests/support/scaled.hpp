// How much there is to do, where each piece takes longer.
#pragma once

namespace support {

/// Of so many a tenth in a build with AddressSanitizer or ThreadSanitizer, in which each takes up to ten times as long: the
/// tests' watchdog does not.
template <class Number>
constexpr Number scaled(Number many) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return many / 10;
#else
  return many;
#endif
}

}  // namespace support
