// Shared memory as a value in a message.
#pragma once

#include <memory>
#include <utility>

namespace troupe::detail {

class shared_memory;

[[noreturn]] void throw_memory_is_a_copy();

/// What a handle to shared memory travels as: the memory itself goes beside the message's bytes, as a descriptor, so that
/// the kernel counts its holders, those on the way too.
class attachment {
 public:
  struct traits {
    bool had_some = false;  ///< its owner has sent it, as part of the message that is being written
    bool is_plain =
        false;  ///< a copy is as good, on another machine: nobody waits for what others write there
    bool is_copy = false;  ///< it is one, and came from another machine
  };

  attachment() = default;
  explicit attachment(std::shared_ptr<shared_memory> memory) : attachment{std::move(memory), traits{}} {}
  attachment(std::shared_ptr<shared_memory> memory, traits is) : memory_{std::move(memory)}, is_{is} {}

  /// Throws `malformed_message` for a copy: this is for handles whose memory is shared.
  [[nodiscard]] const std::shared_ptr<shared_memory>& memory() const {
    if (is_.is_copy) throw_memory_is_a_copy();
    return memory_;
  }
  [[nodiscard]] const std::shared_ptr<shared_memory>& memory_or_copy() const { return memory_; }
  [[nodiscard]] const traits& is() const { return is_; }

 private:
  std::shared_ptr<shared_memory> memory_;
  traits is_;
};

}  // namespace troupe::detail
