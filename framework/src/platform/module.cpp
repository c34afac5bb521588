#include "platform/module.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <filesystem>
#include <link.h>
#include <memory>
#include <span>
#include <stdexcept>
#include <system_error>

namespace troupe::platform {
namespace {

struct search {
  std::uintptr_t address;
  std::optional<module_info> found;
};

// FNV-1a: any stable spread of the build id's bytes over 64 bits will do.
std::uint64_t hash(std::span<const unsigned char> bytes) {
  std::uint64_t value = 0xcbf29ce484222325U;
  for (const auto byte : bytes) value = (value ^ byte) * 0x100000001b3U;
  return value;
}

std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

std::optional<std::uint64_t> build_id(std::span<const unsigned char> notes) {
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note{};
    std::memcpy(&note, notes.data(), sizeof note);
    const std::size_t name_at = sizeof note, id_at = name_at + padded(note.n_namesz);
    const std::size_t size = id_at + padded(note.n_descsz);
    if (size > notes.size()) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(&notes[name_at], "GNU", 4) == 0) {
      return hash(notes.subspan(id_at, note.n_descsz));
    }
    notes = notes.subspan(size);
  }
  return std::nullopt;
}

bool contains(const dl_phdr_info& module, std::uintptr_t address) {
  return std::any_of(module.dlpi_phdr, module.dlpi_phdr + module.dlpi_phnum, [&](const auto& segment) {
    const auto begin = module.dlpi_addr + segment.p_vaddr;
    return segment.p_type == PT_LOAD && address >= begin && address - begin < segment.p_memsz;
  });
}

// The loader gives the program no name.
std::string path_of(const dl_phdr_info& module) {
  if (module.dlpi_name != nullptr && *module.dlpi_name != '\0') {
    std::error_code problem;
    const auto whole = std::filesystem::absolute(module.dlpi_name, problem);
    return problem ? module.dlpi_name : whole.string();
  }
  std::error_code problem;
  return std::filesystem::read_symlink("/proc/self/exe", problem).string();
}

// A module linked without a build id is known by the shape of its segments.
module_info describe(const dl_phdr_info& module) {
  module_info found;
  found.base = module.dlpi_addr;
  found.is_program = module.dlpi_name == nullptr || *module.dlpi_name == '\0';
  found.path = path_of(module);
  for (int i = 0; i < module.dlpi_phnum; ++i) {
    const auto& segment = module.dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* notes = reinterpret_cast<const unsigned char*>(module.dlpi_addr + segment.p_vaddr);
    if (const auto id = build_id({notes, segment.p_memsz})) {
      found.identity = *id;
      found.has_build_id = true;
      return found;
    }
  }
  found.identity = hash(
      {reinterpret_cast<const unsigned char*>(module.dlpi_phdr), module.dlpi_phnum * sizeof(ElfW(Phdr))});
  return found;
}

int visit(dl_phdr_info* module, std::size_t, void* data) {
  auto& wanted = *static_cast<search*>(data);
  if (!contains(*module, wanted.address)) return 0;
  wanted.found = describe(*module);
  return 1;
}

}  // namespace

std::optional<module_info> module_of(const void* address) {
  search wanted{reinterpret_cast<std::uintptr_t>(address), std::nullopt};
  ::dl_iterate_phdr(visit, &wanted);
  return wanted.found;
}

std::string function_at(std::string_view path_end, std::uint64_t offset) {
  struct wanted {
    std::string_view path_end;
    std::uintptr_t base = 0;  // of a program that lies where it was linked it is 0
    bool is_found = false;
  } module{path_end};
  if (path_end.empty()) return {};
  ::dl_iterate_phdr(
      [](dl_phdr_info* each, std::size_t, void* argument) {
        auto& sought = *static_cast<wanted*>(argument);
        if (!path_of(*each).ends_with(sought.path_end)) return 0;
        sought.base = each->dlpi_addr;
        sought.is_found = true;
        return 1;
      },
      &module);
  const auto address = module.base + offset;
  Dl_info found{};
  if (!module.is_found || ::dladdr(reinterpret_cast<const void*>(address), &found) == 0 ||
      found.dli_sname == nullptr)
    return {};
  const std::unique_ptr<char, decltype(&std::free)> name{
      abi::__cxa_demangle(found.dli_sname, nullptr, nullptr, nullptr), &std::free};
  std::array<char, 32> behind{};
  std::snprintf(behind.data(), behind.size(), "+0x%tx",
                static_cast<std::ptrdiff_t>(address - reinterpret_cast<std::uintptr_t>(found.dli_saddr)));
  return (name ? name.get() : found.dli_sname) + std::string{behind.data()};
}

void load_module(const std::string& path) {
  // Bound at once, so that what is missing is told now and not in the middle of a handler.
  if (::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) return;
  const char* const why = ::dlerror();
  throw std::runtime_error{why != nullptr ? why : "the loader gave no reason"};
}

}  // namespace troupe::platform
