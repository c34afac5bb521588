// The loaded modules (the program and its shared libraries) and their identities.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::platform {

/// A module that is loaded into this process.
struct module_info {
  std::uintptr_t base = 0;     ///< load address: differs from run to run
  std::uint64_t identity = 0;  ///< from the linker's build id: the same wherever the same file is loaded
  bool has_build_id = false;   ///< without one, `identity` is only a guess by its shape
  bool is_program = false;     ///< the program itself, not a shared library
  std::string path;            ///< of its file, as far as the loader knows
};

/// The module that `address` lies in; nullopt for an address of none.
[[nodiscard]] std::optional<module_info> module_of(const void* address);

/// The function at that place of a loaded module whose path ends like that: "parser::parse(int)+0x1b"; empty where that cannot
/// be said: the module is not loaded here, or the function is none that other modules may use.
[[nodiscard]] std::string function_at(std::string_view path_end, std::uint64_t offset);

/// Loads a shared library, with its static objects, for good. Throws `std::runtime_error` with the loader's own words.
void load_module(const std::string& path);

}  // namespace troupe::platform
