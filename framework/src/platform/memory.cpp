#include "platform/memory.hpp"

#include "platform/error.hpp"

#include <cerrno>
#include <cstdint>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace troupe::platform {
namespace {

int protection(access rights) { return rights == access::read ? PROT_READ : PROT_READ | PROT_WRITE; }

std::byte* map_or_throw(void* at, std::size_t size, int protect, int flags, int fd, std::size_t offset) {
  void* address = ::mmap(at, size, protect, flags, fd, static_cast<off_t>(offset));
  if (address == MAP_FAILED) throw_system_error(errno, "mmap", "shared memory");
  return static_cast<std::byte*>(address);
}

}  // namespace

descriptor create_shared_memory(const char* label, std::size_t size) {
  auto memory = adopt_above_standard(
      require("memfd_create", label, [&] { return ::memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING); }));
  require("ftruncate", label, [&] { return ::ftruncate(memory.get(), static_cast<off_t>(size)); });
  require("fcntl F_ADD_SEALS", label,
          [&] { return ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW); });
  return memory;
}

descriptor create_growing_memory(const char* label) {
  return adopt_above_standard(
      require("memfd_create", label, [&] { return ::memfd_create(label, MFD_CLOEXEC); }));
}

void read_front(const descriptor& memory, std::span<std::byte> into) {
  for (std::size_t done = 0; done < into.size();) {
    const auto read = require("pread", "memfd", [&] {
      return ::pread(memory.get(), into.data() + done, into.size() - done, static_cast<off_t>(done));
    });
    if (read == 0) throw_system_error(EIO, "pread", "memfd");
    done += static_cast<std::size_t>(read);
  }
}

void empty(const descriptor& memory) {
  require("ftruncate", "memfd", [&] { return ::ftruncate(memory.get(), 0); });
}

void write_at(const descriptor& memory, std::span<const std::byte> bytes, std::size_t offset) {
  while (!bytes.empty()) {
    const auto written = require("pwrite", "memfd", [&] {
      return ::pwrite(memory.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    bytes = bytes.subspan(static_cast<std::size_t>(written));  // a signal may have cut it short
    offset += static_cast<std::size_t>(written);
  }
}

void allocate(const descriptor& memory, std::size_t size) {
  require("fallocate", "memfd", [&] { return ::fallocate(memory.get(), 0, 0, static_cast<off_t>(size)); });
}

void seal_writes(const descriptor& memory) {
  constexpr int most_tries = 20;
  require("fcntl F_SEAL_WRITE", "memfd", [&] {
    // EBUSY also where the kernel itself has a page in hand for a moment, not only where somebody has it mapped.
    int result = -1;
    for (int tries = 0; tries < most_tries; ++tries) {
      result = ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE);
      if (result == 0 || errno != EBUSY) break;
      ::sched_yield();
    }
    return result;
  });
}

std::size_t memory_size(const descriptor& memory) {
  struct stat status {};
  require("fstat", "memfd", [&] { return ::fstat(memory.get(), &status); });
  return static_cast<std::size_t>(status.st_size);
}

memory_identity identity_of(const descriptor& memory) {
  struct stat status {};
  require("fstat", "memfd", [&] { return ::fstat(memory.get(), &status); });
  return {status.st_dev, status.st_ino};
}

bool cannot_shrink(const descriptor& memory) {
  const int seals = ::fcntl(memory.get(), F_GET_SEALS);
  return seals != -1 && (seals & F_SEAL_SHRINK) != 0;
}

bool is_sealed(const descriptor& memory) {
  const int seals = ::fcntl(memory.get(), F_GET_SEALS);
  return seals != -1 && (seals & F_SEAL_SHRINK) != 0 && (seals & F_SEAL_WRITE) != 0;
}

mapping::mapping(mapping&& other) noexcept
    : address_{std::exchange(other.address_, nullptr)}, size_{std::exchange(other.size_, 0)} {}

mapping& mapping::operator=(mapping&& other) noexcept {
  std::swap(address_, other.address_);
  std::swap(size_, other.size_);
  return *this;
}

mapping::~mapping() {
  if (address_ != nullptr) ::munmap(address_, size_);
}

mapping mapping::map(const descriptor& memory, access rights, std::size_t offset, std::size_t size) {
  return {map_or_throw(nullptr, size, protection(rights), MAP_SHARED, memory.get(), offset), size};
}

mapping mapping::map_at_once(const descriptor& memory, access rights, std::size_t size) {
  return {map_or_throw(nullptr, size, protection(rights), MAP_SHARED | MAP_POPULATE, memory.get(), 0), size};
}

mapping mapping::map_ring(const descriptor& memory, access rights, std::size_t offset, std::size_t size) {
  // Reserve the whole range first, so that no other thread's mapping can land in its second half.
  mapping ring{map_or_throw(nullptr, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 2 * size};
  for (std::byte* half : {ring.address_, ring.address_ + size}) {
    map_or_throw(half, size, protection(rights), MAP_SHARED | MAP_FIXED, memory.get(), offset);
  }
  return ring;
}

void mapping::keep_from_children() const noexcept { (void)::madvise(address_, size_, MADV_DONTFORK); }

void prefer_large_pages(void* memory, std::size_t size) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(memory);
  const auto first = (at + page_size() - 1) & ~(page_size() - 1);
  const auto end = (at + size) & ~(page_size() - 1);
  if (first < end) (void)::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);  // a wish
}

namespace {

struct range {
  std::uintptr_t first = 0;
  std::uintptr_t end = 0;
  int advice = 0;
};
constexpr std::size_t most_code = std::size_t{4} << 20, most_data = std::size_t{256} << 10;
constexpr std::size_t stack_room = std::size_t{48}
                                   << 10;  // below the caller: what receives a control message takes 32

std::vector<range>& ranges() {
  static std::vector<range> all;
  return all;
}

// "55a0-55b0 r-xp 00002000 fe:00 1234   /usr/bin/program"
void add_range(const std::string& line, const std::string& program) {
  std::istringstream in{line};
  range found;
  char dash = 0;
  std::string rights, offset, device, inode, name;
  if (!(in >> std::hex >> found.first >> dash >> found.end >> rights >> offset >> device >> inode)) return;
  in >> name;
  const auto size = found.end - found.first;
  if (rights == "rw-p" && name != "[stack]" && size <= most_data) {
    found.advice = MADV_POPULATE_WRITE;
  } else if (rights == "r-xp" && name == program && size <= most_code) {
    found.advice = MADV_POPULATE_READ;
  } else {
    return;
  }
  ranges().push_back(found);
}

}  // namespace

void find_pages_to_have_ready() noexcept try {
  if (!ranges().empty()) return;
  std::error_code none;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", none).string();
  std::ifstream file{"/proc/self/maps"};
  for (std::string line; std::getline(file, line);) add_range(line, program);
} catch (const std::exception&) {
  // Without them it only takes longer.
}

void have_pages_ready() noexcept {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) & ~(page_size() - 1);
  const auto advise = [](const range& what) {
    (void)::madvise(reinterpret_cast<void*>(what.first), what.end - what.first, what.advice);
  };
  for (const auto& each : ranges()) advise(each);
  advise({here - stack_room, here + page_size(), MADV_POPULATE_WRITE});
}

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace troupe::platform
