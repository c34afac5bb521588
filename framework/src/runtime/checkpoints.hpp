// What an actor's next process begins with.
#pragma once

#include "channel/page.hpp"
#include "platform/descriptor.hpp"
#include "platform/memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::runtime {

/// Two memories that outlive the process, of which its page says which one is in force, and how much of it. What is written is
/// staged there: it is in force with the page's next commit, and what lies behind is nothing.
///
/// A new state goes to the memory that is not in force. What is added goes behind the state, in the same memory: a death
/// before the commit leaves bytes that nobody counts. Not thread-safe.
class checkpoints {
 public:
  explicit checkpoints(channel::page& page) : page_{page} {}
  void adopt(std::size_t which, platform::descriptor memory) { memories_.at(which).file = std::move(memory); }

  /// Throw `std::system_error` where memory is short: then what is in force stays as it is.
  void save(std::span<const std::byte> state);
  /// Room for `size` bytes behind what was staged last: they count once `add` has been called for them.
  [[nodiscard]] std::span<std::byte> room(std::size_t size);
  void add(std::size_t size);

  /// What is in force; empty: nothing.
  [[nodiscard]] std::vector<std::byte> last() const;

 private:
  struct kept_memory {
    platform::descriptor file;
    platform::mapping mapped;
  };
  [[nodiscard]] static std::span<std::byte> first(kept_memory& of, std::size_t size);

  channel::page& page_;
  std::array<kept_memory, 2> memories_;
};

}  // namespace troupe::runtime
