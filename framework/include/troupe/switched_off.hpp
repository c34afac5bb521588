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
/// other tests fail by it; in all others it is false where it is compiled, and nothing is left of it. (But with the option
/// TROUPE_MEASURED_WITHOUT, which leaves those that it names out of the whole build, to see what they cost.) Threads: any.
#ifdef TROUPE_MECHANISM_SWITCHES
inline bool switched_off(std::string_view mechanism) {
  static const auto off = [] {
    const char* const names = std::getenv("TROUPE_WITHOUT");
    return "," + std::string{names == nullptr ? "" : names} + ",";
  }();
  return off.size() > 2 && off.find("," + std::string{mechanism} + ",") != std::string::npos;
}
#elif defined(TROUPE_MEASURED_WITHOUT)
consteval bool switched_off(std::string_view mechanism) {
  for (std::string_view left{TROUPE_MEASURED_WITHOUT}; !left.empty();) {
    const auto name = left.substr(0, left.find(','));
    if (name == mechanism) return true;
    left.remove_prefix(name.size() == left.size() ? left.size() : name.size() + 1);
  }
  return false;
}
#else
constexpr bool switched_off(std::string_view) { return false; }
#endif

}  // namespace troupe
