#include "node_session.hpp"

#include <troupe/switched_off.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::detail {
namespace {

constexpr std::size_t full_batch = std::size_t{256} << 10;
constexpr std::size_t worth_a_message = std::size_t{64} << 10;
constexpr std::size_t few = 2;  // batches: of so little under way, the other end says nothing yet

}  // namespace

void outgoing::append(const frame_head& head, std::span<const std::byte> payload) {
  for (; payload.size() > full_batch; payload = payload.subspan(full_batch)) {
    frame_head part;
    part.kind = frame_kind::part;
    add(part, payload.first(full_batch));
  }
  add(head, payload);
}

void outgoing::add(const frame_head& head, std::span<const std::byte> payload) {
  auto frame = head;
  frame.length = static_cast<std::uint32_t>(payload.size());
  std::array<std::byte, frame_head_size> bytes;
  if (open_.empty() || open_.back().size() + payload.size() > std::min(full_batch, window_))
    open_.emplace_back();
  auto& last = open_.back();
  const auto size = pack_into(bytes, frame).value();
  last.append(reinterpret_cast<const char*>(bytes.data()), size);
  if (!payload.empty()) last.append(reinterpret_cast<const char*>(payload.data()), payload.size());
  bytes_open_ += size + payload.size();
}

void outgoing::flush(const std::function<void(std::uint64_t, const std::string&)>& send) {
  while (!open_.empty()) {
    const auto size = open_.front().size();
    if (!under_way_.empty() && bytes_under_way_ + size > window_) return;
    if (under_way_.size() >= few && size < worth_a_message) return;
    under_way_.push_back({++last_, std::move(open_.front())});
    open_.pop_front();
    bytes_open_ -= size;
    bytes_under_way_ += size;
    send(last_, under_way_.back().frames);
  }
}

incoming::verdict incoming::judge(std::uint64_t sequence) {
  if (sequence <= last_ && !switched_off("node_repeats")) return verdict::repeated;
  if (sequence > last_ + 1) return verdict::gap;
  last_ = sequence;
  ++unsaid_;
  return verdict::take;
}

bool outgoing::acknowledge(std::uint64_t sequence) {
  if (sequence > last_) return false;
  while (!under_way_.empty() && under_way_.front().sequence <= sequence) {
    bytes_under_way_ -= under_way_.front().frames.size();
    under_way_.pop_front();
  }
  return true;
}

void outgoing::again(const std::function<void(std::uint64_t, const std::string&)>& send) const {
  if (switched_off("node_resend")) return;
  for (const auto& each : under_way_) send(each.sequence, each.frames);
}

void outgoing::clear() {
  open_.clear();
  under_way_.clear();
  bytes_open_ = 0;
  bytes_under_way_ = 0;
}

void read_frames(std::span<const std::byte> frames,
                 const std::function<void(const frame_head&, std::span<const std::byte>)>& use) {
  while (!frames.empty()) {
    if (frames.size() < frame_head_size) throw_message_too_short(frame_head_size, frames.size());
    byte_reader in{frames.first(frame_head_size), nullptr};
    const auto head = decode<frame_head>(in);
    frames = frames.subspan(frame_head_size);
    if (head.length > frames.size()) throw_message_too_short(head.length, frames.size());
    use(head, frames.first(head.length));
    frames = frames.subspan(head.length);
  }
}

}  // namespace troupe::detail
