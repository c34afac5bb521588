// For the proof of the library itself: whether one of its mechanisms is to be left out.
#pragma once

#ifdef TROUPE_MECHANISM_SWITCHES
#include <cstdlib>
#include <string>
#endif
#include <string_view>

namespace troupe {

/// Whether TROUPE_WITHOUT, names with commas between them, has this one: then the mechanism of that name does nothing, in
/// this process and in all that it starts. Only in builds with the CMake option TROUPE_MECHANISM_SWITCHES, whose tests see
/// other tests fail by it; in all others it is false where it is compiled, and nothing is left of it. Threads: any.
#ifdef TROUPE_MECHANISM_SWITCHES
inline bool switched_off(std::string_view mechanism) {
  static const auto off = [] {
    const char* const names = std::getenv("TROUPE_WITHOUT");
    return "," + std::string{names == nullptr ? "" : names} + ",";
  }();
  return off.size() > 2 && off.find("," + std::string{mechanism} + ",") != std::string::npos;
}
#else
constexpr bool switched_off(std::string_view) { return false; }
#endif

}  // namespace troupe
