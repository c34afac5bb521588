// One direction each of what two gateways have to say to each other, whatever becomes of the connections between them.
#pragma once

#include "node_frames.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>

namespace troupe::detail {

/// What is sent to one node. Frames are collected into batches, which have numbers, 1 and up; a batch is kept until the other
/// end has said that it is there. After a connection was made again, those that it does not have are sent again.
///
///   appended ──▶ open batches ──▶ under way (numbered, at most `window` bytes) ──▶ acknowledged
class outgoing {
 public:
  explicit outgoing(std::size_t window) : window_{window} {}

  /// A long one goes in parts, so that no message between gateways is so long that signs of life wait behind it.
  void append(const frame_head& head, std::span<const std::byte> payload);
  /// Hands over what may leave now, as (number, frames). With little under way everything; else what makes a batch worth its
  /// message: the rest waits for an acknowledgement and grows.
  void flush(const std::function<void(std::uint64_t sequence, const std::string& frames)>& send);
  /// All of it up to there has come. False where that cannot be: nothing so late was sent.
  [[nodiscard]] bool acknowledge(std::uint64_t sequence);
  /// There is another connection: what the other end does not have goes again.
  void again(const std::function<void(std::uint64_t sequence, const std::string& frames)>& send) const;
  [[nodiscard]] bool is_empty() const { return open_.empty() && under_way_.empty(); }
  /// Bytes that the other end has not said to have.
  [[nodiscard]] std::size_t kept() const { return bytes_open_ + bytes_under_way_; }
  void clear();

 private:
  struct batch {
    std::uint64_t sequence;
    std::string frames;
  };
  void add(const frame_head& head, std::span<const std::byte> payload);

  std::size_t window_;
  std::deque<std::string> open_;
  std::deque<batch> under_way_;
  std::size_t bytes_open_ = 0;
  std::size_t bytes_under_way_ = 0;
  std::uint64_t last_ = 0;
};

/// What comes from one node.
class incoming {
 public:
  enum class verdict : std::uint8_t { take, repeated, gap };
  [[nodiscard]] verdict judge(std::uint64_t sequence);
  [[nodiscard]] std::uint64_t last() const { return last_; }
  /// Whether it is time to say what has come, where nothing else is said.
  [[nodiscard]] bool should_say() const { return unsaid_ >= 2; }
  void said() { unsaid_ = 0; }

 private:
  std::uint64_t last_ = 0;
  std::uint32_t unsaid_ = 0;
};

/// Takes a batch's frames apart. Throws `malformed_message`; frames before the bad one have been handed over then.
void read_frames(std::span<const std::byte> frames,
                 const std::function<void(const frame_head&, std::span<const std::byte>)>& use);

/// A message of one part: its kind, then the value.
template <class Value>
[[nodiscard]] std::string message_of(message_kind kind, const Value& value) {
  const auto bytes = pack(value);
  std::string message(1, static_cast<char>(kind));
  return message.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace troupe::detail
