// A channel's journals as the guardian keeps them, which is neither of its ends: what was accepted outlives both.
#pragma once

#include "channel/journal.hpp"
#include "channel/page.hpp"
#include "platform/descriptor.hpp"
#include "platform/memory.hpp"
#include "wire/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>

namespace troupe::channel {

/// Both journals. Where no process will ever take an end's place the memory is mapped, and no descriptor held: there may be
/// thousands of channels, and a process has far fewer descriptors than room for mappings.
class kept_journals {
 public:
  /// `for_successors`: holds a duplicate, for processes that go on with what dead ones had. Throws `std::system_error`.
  kept_journals(const platform::descriptor& memory, bool for_successors);

  /// Empty but where it is held.
  [[nodiscard]] const platform::descriptor& memory() const { return memory_; }

  /// Hands the frames of one between `from` and `head`, in order, to `sink`, which may look at one until it returns. Ends
  /// early where the journal, which others have written to, makes no sense: at most its capacity is read. Throws
  /// `std::system_error`.
  void for_each_unread(direction which, progress from, std::uint64_t head,
                       const std::function<void(const wire::frame&)>& sink) const;

 private:
  platform::descriptor memory_;
  std::size_t size_;
  platform::mapping mapped_;
};

}  // namespace troupe::channel
