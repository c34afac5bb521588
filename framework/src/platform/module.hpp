// The loaded modules (the program and its shared libraries) and their identities.
#pragma once

#include <cstdint>
#include <optional>

namespace troupe::platform {

/// A module that is loaded into this process.
struct module_info {
  std::uintptr_t base = 0;     ///< load address: differs from run to run
  std::uint64_t identity = 0;  ///< from the linker's build id: the same wherever the same file is loaded
};

/// The module that `address` lies in; nullopt for an address of none.
[[nodiscard]] std::optional<module_info> module_of(const void* address);

}  // namespace troupe::platform
