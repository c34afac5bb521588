#include "channel/inbound.hpp"

#include <troupe/errors.hpp>
#include <troupe/switched_off.hpp>

#include "channel/outside.hpp"
#include "wire/shared_memory.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

namespace troupe::channel {
namespace {

constexpr std::size_t most_outside = 64;  // a sender has fewer under way
constexpr std::size_t most_descriptors = 160;
// The largest frame that lies in a journal of the default capacity fits.
constexpr std::size_t block_size = std::size_t{260} << 10;

[[noreturn]] void refuse_sequence(std::uint64_t came, std::uint64_t due) {
  throw malformed_message{"frame " + std::to_string(came) + " came where frame " + std::to_string(due) +
                          " was due"};
}

}  // namespace

std::span<std::byte> inbound::room(std::size_t size) {
  if (block_ && read_ == used_) {
    if (block_->size > block_size) {
      block_.reset();  // it was for one large message
    } else if (block_->has_one_user()) {
      read_ = used_ = 0;  // all handled: stay in warm memory
    }
  }
  if (!block_ || block_->size - used_ < size) {
    const auto left = block_ ? block_->from(read_).first(used_ - read_) : std::span<std::byte>{};
    // The rest of an unfinished frame goes to the front of the same block where no message points into it.
    auto target =
        block_ && block_->has_one_user() && left.size() + size <= block_->size && left.size() <= read_
            ? block_
            : pin_of<block>{new block{std::max(block_size, left.size() + std::max(size, left.size()))}};
    std::copy(left.begin(), left.end(), target->memory.get());
    used_ = left.size();
    read_ = 0;
    block_ = std::move(target);
  }
  return block_->from(used_);
}

void inbound::put_outside(std::uint64_t sequence, std::vector<platform::descriptor> memory) {
  // They are descriptors of ours: whoever sends them without their frames is not to use those up.
  if (sequence <= sequence_ || outside_.size() >= most_outside ||
      descriptors_ + memory.size() > most_descriptors) {
    throw malformed_message{"a payload came for frame " + std::to_string(sequence) + ", which is not due"};
  }
  auto& place = outside_[sequence];  // taken already by a send that was never committed
  descriptors_ += memory.size() - place.size();
  place = std::move(memory);
  may_have_whole_ = true;
}

bool inbound::next(message& whole) {
  if (in_place_) {
    whole = std::move(*in_place_);
    in_place_.reset();
    return true;
  }
  may_have_whole_ = read_ != used_ && take(whole);
  return may_have_whole_;
}

void inbound::count(message& whole, std::size_t size) {
  if (whole.frame.header.sequence != sequence_ + 1 && !switched_off("sequence_checked"))
    refuse_sequence(whole.frame.header.sequence, sequence_ + 1);
  ++sequence_;
  position_ += size;
  whole.end = position_;
}

bool inbound::take(message& whole) {
  std::size_t size = 0;
  if (!wire::read_frame(block_->from(read_).first(used_ - read_), whole.frame, size)) return false;
  const auto& header = whole.frame.header;
  const bool is_outside = whole.frame.has_company();
  const bool is_lost = is_outside && !outside_.contains(header.sequence);
  if (is_lost && position_ + size > lost_below_) return false;
  count(whole, size);
  read_ += size;
  whole.pin = block_;
  if (is_lost) {
    whole.problem = ECONNRESET;
  } else if (is_outside) {
    attach_outside(whole);
  }
  return true;
}

void inbound::put_in_place(const wire::frame& next, std::size_t size, pin memory) {
  message whole{next, 0, std::move(memory)};
  count(whole, size);
  in_place_ = std::move(whole);
  may_have_whole_ = true;
  read_ = used_;
}

std::size_t inbound::missing() const {
  wire::frame begun;
  std::size_t size = 0;
  if (unfinished() < sizeof begun.header ||
      wire::read_frame(block_->from(read_).first(unfinished()), begun, size))
    return 0;
  return size - unfinished();
}

void inbound::attach_outside(message& whole) {
  auto came = std::move(outside_.extract(whole.frame.header.sequence).mapped());
  descriptors_ -= came.size();
  for (auto old = outside_.begin(); old != outside_.end() && old->first < sequence_;
       old = outside_.erase(old))
    descriptors_ -= old->second.size();  // of sends that were never committed
  if (came.empty()) {
    whole.problem = EMFILE;
    return;
  }
  const std::size_t payloads = whole.frame.outside != 0 ? 1 : 0;
  if (came.size() != payloads + whole.frame.attached) {
    throw malformed_message{std::to_string(came.size()) + " descriptors came beside frame " +
                            std::to_string(sequence_) + ", which should have " +
                            std::to_string(payloads + whole.frame.attached)};
  }
  try {
    if (payloads != 0) {
      const auto outside = new outside_payload{came.front(), whole.frame.outside};
      whole.pin = pin{outside};
      whole.frame.payload = outside->bytes();
    }
    if (whole.frame.attached == 0) return;
    const auto company =
        new frame_company{wire::open_attached(std::span{came}.subspan(payloads)), std::move(whole.pin)};
    whole.pin = pin{company};
    whole.attached = &company->attached();
  } catch (const std::system_error& problem) {
    whole.problem = problem.code().value();  // this message alone: what comes behind it may be smaller
  }
}

}  // namespace troupe::channel
