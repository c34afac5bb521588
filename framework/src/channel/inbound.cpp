#include "channel/inbound.hpp"

#include <troupe/errors.hpp>

#include "channel/outside.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

namespace troupe::channel {
namespace {

constexpr std::size_t most_outside = 64;  // a sender has fewer under way
constexpr std::size_t block_size = std::size_t{256} << 10;

}  // namespace

std::span<std::byte> inbound::room(std::size_t size) {
  if (block_ && read_ == used_ && block_->has_one_user())
    read_ = used_ = 0;  // all handled: stay in warm memory
  if (!block_ || block_->size - used_ < size) {
    const auto left = block_ ? block_->from(read_).first(used_ - read_) : std::span<std::byte>{};
    // The rest of an unfinished frame goes to the front of the same block where no message points into it.
    auto target =
        block_ && block_->has_one_user() && left.size() + size <= block_->size && left.size() <= read_
            ? block_
            : pin_of<block>{new block{std::max(block_size, left.size() + size)}};
    std::copy(left.begin(), left.end(), target->memory.get());
    used_ = left.size();
    read_ = 0;
    block_ = std::move(target);
  }
  return block_->from(used_);
}

void inbound::put_outside(std::uint64_t sequence, platform::descriptor memory) {
  // Each holds a descriptor of ours: whoever sends them without their frames is not to use those up.
  if (sequence <= sequence_ || outside_.size() >= most_outside) {
    throw malformed_message{"a payload came for frame " + std::to_string(sequence) + ", which is not due"};
  }
  outside_[sequence] = std::move(memory);
}

std::optional<message> inbound::next() {
  if (!block_) return std::nullopt;
  std::size_t size = 0;
  const auto frame = wire::read_frame(block_->from(read_).first(used_ - read_), size);
  if (!frame) return std::nullopt;
  const bool is_outside = (frame->header.words & wire::outside_word) != 0;
  if (is_outside && !outside_.contains(frame->header.sequence)) return std::nullopt;
  if (frame->header.sequence != sequence_ + 1) {
    throw malformed_message{"frame " + std::to_string(frame->header.sequence) + " came where frame " +
                            std::to_string(sequence_ + 1) + " was due"};
  }
  ++sequence_;
  read_ += size;
  position_ += size;
  message whole{*frame, position_, block_};
  if (is_outside) attach_outside(whole);
  return whole;
}

void inbound::attach_outside(message& whole) {
  const auto memory = std::move(outside_.extract(whole.frame.header.sequence).mapped());
  outside_.erase(outside_.begin(), outside_.lower_bound(sequence_));  // of sends that were never committed
  if (!memory) {
    whole.problem = EMFILE;
    return;
  }
  try {
    const auto outside = new outside_payload{memory, whole.frame.outside};
    whole.pin = pin{outside};
    whole.frame.payload = outside->bytes();
  } catch (const std::system_error& problem) {
    whole.problem = problem.code().value();  // this message alone: what comes behind it may be smaller
  }
}

}  // namespace troupe::channel
