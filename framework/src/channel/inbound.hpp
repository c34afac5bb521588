// Bytes that have come in, cut into messages.
#pragma once

#include <troupe/detail/byte_stream.hpp>

#include "channel/pinned.hpp"
#include "platform/memory.hpp"
#include "wire/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace troupe::channel {

/// A message that has come in. Its payload stays valid as long as it lives.
struct message {
  wire::frame frame;
  std::uint64_t end = 0;  ///< position in the sender's journal behind it
  channel::pin pin;       ///< keeps the memory that `frame.payload` points into
  int problem = 0;        ///< errno: why this process could not take in what came beside it; else 0
  const detail::attached_memory* attached =
      nullptr;  ///< shared memory of its values, where it has some; kept by the pin
};

/// Collects bytes in blocks and yields whole messages. A block is not moved or reused while a message from it lives. Not
/// thread-safe.
class inbound {
 public:
  /// What comes is what follows that frame, which ended there in the sender's journal. First of all calls.
  void begin_behind(std::uint64_t sequence, std::uint64_t position) {
    sequence_ = sequence;
    position_ = position;
  }
  /// What travelled beside frames that end there or before has died with those who held it.
  void lose_outside_below(std::uint64_t position) { lost_below_ = position; }
  /// Contiguous memory for at least `size` more bytes.
  [[nodiscard]] std::span<std::byte> room(std::size_t size);
  /// `size` bytes have been written to the front of what `room` returned.
  void filled(std::size_t size) {
    used_ += size;
    may_have_whole_ = true;
  }

  /// A whole frame, in memory that `memory` keeps, comes next; of what has come of it already, nothing is used. Nothing travels
  /// beside it.
  void put_in_place(const wire::frame& next, std::size_t size, pin memory);

  /// What travels beside the frame `sequence`: its payload where that is outside, then the shared memory of its values; none
  /// where they came and found no room in this process's table of descriptors.
  /// Throws `malformed_message` where more come than belong to any messages of an honest sender.
  void put_outside(std::uint64_t sequence, std::vector<platform::descriptor> memory);

  /// The bytes of a message that is not whole, or whose payload has not come.
  [[nodiscard]] std::size_t unfinished() const { return used_ - read_; }
  [[nodiscard]] bool has_unfinished() const { return unfinished() != 0; }
  /// False where `next` would yield nothing.
  [[nodiscard]] bool may_have_whole() const { return may_have_whole_; }
  /// How many bytes the message that has begun to come is short of, where that can be said already; else 0.
  [[nodiscard]] std::size_t missing() const;

  /// The next whole message, into an empty one; false, and nothing done, where it is not whole yet. Throws
  /// `malformed_message`.
  [[nodiscard]] bool next(message& whole);

 private:
  /// Not initialised: pages that nothing is written to cost nothing.
  struct block : pinned {
    explicit block(std::size_t bytes)
        : memory{std::make_unique_for_overwrite<std::byte[]>(bytes)}, size{bytes} {}
    [[nodiscard]] std::span<std::byte> from(std::size_t at) const {
      return std::span{memory.get(), size}.subspan(at);
    }
    std::unique_ptr<std::byte[]> memory;
    std::size_t size;
  };
  [[nodiscard]] bool take(message& whole);
  void count(message& whole, std::size_t size);
  void attach_outside(message& whole);

  pin_of<block> block_;
  std::size_t read_ = 0;  // of block_: bytes that have become messages
  std::size_t used_ = 0;
  bool may_have_whole_ = false;
  std::uint64_t position_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t lost_below_ = 0;
  std::optional<message> in_place_;
  std::map<std::uint64_t, std::vector<platform::descriptor>> outside_;
  std::size_t descriptors_ = 0;  // in outside_
};

}  // namespace troupe::channel
