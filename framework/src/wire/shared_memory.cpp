#include "wire/shared_memory.hpp"

#include <troupe/errors.hpp>
#include <troupe/shared_buffer.hpp>

#include "platform/memory.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe {
namespace wire {
namespace {

class mapped_memory;

// Which memory this process has mapped. Locks in it are known by their address: it must not be mapped twice. Never
// destroyed: handles in static objects go after it would.
struct known_memory {
  std::recursive_mutex mutex;  // what is dropped while it is held may be the last
  std::map<platform::memory_identity, std::weak_ptr<mapped_memory>> all;
};
known_memory& known() {
  static auto* const one = new known_memory;
  return *one;
}

class mapped_memory final : public detail::shared_memory {
 public:
  mapped_memory(platform::descriptor memory, platform::memory_identity identity)
      : memory_{std::move(memory)}, identity_{identity}, sealed_{platform::is_sealed(memory_)} {
    map();
  }
  mapped_memory(const mapped_memory&) = delete;
  mapped_memory& operator=(const mapped_memory&) = delete;
  ~mapped_memory() override {
    // Before the descriptor goes, and with it the identity: another memory may have it then.
    const std::lock_guard lock{known().mutex};
    const auto place = known().all.find(identity_);
    if (place != known().all.end() && place->second.expired()) known().all.erase(place);
  }

  [[nodiscard]] std::span<std::byte> bytes() const override { return mapped_.bytes(); }
  [[nodiscard]] bool is_sealed() const override { return sealed_; }
  [[nodiscard]] int descriptor() const override { return memory_.get(); }
  void release() override { mapped_ = platform::mapping{}; }
  void seal() override {
    release();
    try {
      platform::seal_writes(memory_);
    } catch (...) {
      map();
      throw;
    }
    sealed_ = true;
    map();
  }

 private:
  void map() {
    const auto rights = sealed_ ? platform::access::read : platform::access::read_write;
    mapped_ = platform::mapping::map(memory_, rights, 0, platform::memory_size(memory_));
  }

  platform::descriptor memory_;
  platform::memory_identity identity_;
  bool sealed_;
  platform::mapping mapped_;
};

}  // namespace

std::shared_ptr<detail::shared_memory> open_shared_memory(platform::descriptor memory) {
  if (!platform::cannot_shrink(memory) || platform::memory_size(memory) == 0) {
    throw malformed_message{"what came with a message is no shared memory, or could still shrink"};
  }
  const auto identity = platform::identity_of(memory);
  const std::lock_guard lock{known().mutex};
  if (const auto place = known().all.find(identity); place != known().all.end()) {
    // What has been given away from here and has come back is mapped anew.
    if (auto there = place->second.lock(); there && !there->bytes().empty()) return there;
  }
  auto made = std::make_shared<mapped_memory>(std::move(memory), identity);
  known().all[identity] = made;
  return made;
}

detail::attached_memory open_attached(std::span<platform::descriptor> came) {
  detail::attached_memory attached;
  for (auto& memory : came) attached.push_back(open_shared_memory(std::move(memory)));
  return attached;
}

std::vector<int> numbers_of(const detail::attached_memory& attached, const platform::descriptor& before) {
  std::vector<int> numbers;
  if (before) numbers.push_back(before.get());
  for (const auto& memory : attached) numbers.push_back(memory->descriptor());
  return numbers;
}

}  // namespace wire

namespace detail {

std::size_t shared_size(const char* what, std::size_t count, std::size_t element_size) {
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());
  if (count > most / element_size) {
    throw std::length_error{std::string{"troupe: a "} + what + " of " +
                            std::to_string(static_cast<std::ptrdiff_t>(count)) +
                            " elements: there is no such size"};
  }
  return count * element_size;
}

std::shared_ptr<shared_memory> make_shared_memory(const char* label, std::size_t size) {
  const auto pages = (std::max<std::size_t>(size, 1) + platform::page_size() - 1) / platform::page_size();
  auto memory = platform::create_shared_memory(label, pages * platform::page_size());
  platform::allocate(memory, pages * platform::page_size());
  return wire::open_shared_memory(std::move(memory));
}

void throw_no_shared_memory(const char* what) {
  throw std::logic_error{std::string{"troupe::"} + what +
                         ": this handle names none: it was made without a value, moved from, or handed over"};
}

void throw_memory_is_a_copy() {
  throw malformed_message{
      "shared memory (a shared_value, shared_array or lock) came from another machine, where it is shared: "
      "send "
      "the values themselves"};
}

void check_shared_memory(const shared_memory* memory, std::size_t size, const char* what) {
  if (memory != nullptr && memory->bytes().size() >= size) return;
  throw malformed_message{std::string{"a "} + what + " came with " +
                          std::to_string(memory == nullptr ? 0 : memory->bytes().size()) +
                          " bytes of memory and should have " + std::to_string(size)};
}

void check_buffer(const shared_buffer_form& came, bool sealed) {
  const auto* const memory = came.memory.memory_or_copy().get();
  if (memory == nullptr && came.size == 0) return;
  check_shared_memory(memory, static_cast<std::size_t>(came.size), "buffer");
  if (memory->is_sealed() == sealed) return;
  throw malformed_message{sealed ? "a sealed_buffer came in memory that can still be written to"
                                 : "a shared_buffer came in memory that is sealed"};
}

}  // namespace detail
}  // namespace troupe
