// Shared memory as a value in a message.
#pragma once

#include <memory>
#include <utility>

namespace troupe::detail {

class shared_memory;

/// What a handle to shared memory travels as: the memory itself goes beside the message's bytes, as a descriptor, so that
/// the kernel counts its holders, those on the way too.
class attachment {
 public:
  attachment() = default;
  explicit attachment(std::shared_ptr<shared_memory> memory, bool had_some = false)
      : memory_{std::move(memory)}, had_some_{had_some} {}

  [[nodiscard]] const std::shared_ptr<shared_memory>& memory() const { return memory_; }
  /// Its owner has sent it, as part of the message that is being written.
  [[nodiscard]] bool had_some() const { return had_some_; }

 private:
  std::shared_ptr<shared_memory> memory_;
  bool had_some_ = false;
};

}  // namespace troupe::detail
