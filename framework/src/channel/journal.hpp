// A journal: the ring in shared memory that holds what one process has sent to another until the other has finished it.
//
//   finished            head               tail
//      |  accepted       |  of the open turn |        free        |
//      +-----------------+-------------------+--------------------+  capacity bytes, then round again
//
// The sender encodes frames at the tail; a commit moves the head (in the sender's page) there; the receiver's finished mark
// (in its page) frees. Positions count bytes from the journal's beginning and never wrap. Between head and finished the
// bytes reach the receiver on one of two ways, and `sent` says which are taken care of:
//
//   the sender puts them in a packet, when the receiver sleeps: claims [sent, head) by moving `sent`, then sends
//   the receiver copies them, when it would otherwise sleep: claims them likewise, but only where sent == received,
//   that is where no packet is under way, so that the order is kept
//
// Both claim with a compare-and-swap of one word, so no byte goes both ways. When the sender has died the receiver copies
// the rest up to head: what was accepted arrives.
#pragma once

#include "platform/memory.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace troupe::channel {

struct journal_front {
  std::uint64_t magic;
  std::uint64_t capacity;      ///< bytes of the ring: a power of two
  std::uint64_t max_messages;  ///< unfinished ones
};

/// Shared by both ends and mapped writable by both: corrupt figures here can hold up this one channel, nothing else.
struct journal_header {
  journal_front front;
  alignas(64) std::atomic<std::uint64_t> sent;
  alignas(64) std::atomic<std::uint64_t> received;
  std::atomic<std::uint32_t> wants_room;  ///< the sender waits for the finished mark to move
  std::atomic<std::uint64_t> revoked;     ///< a message that the sender takes back: see channel::revoke
  std::atomic<std::uint32_t> epoch;       ///< of the last attachment: see channel::reattach
  std::atomic<std::uint32_t> is_watched;  ///< the receiver looks at the head all the time: it needs no packet
};

/// Has both ends, of which none is there yet, begin at that position.
void begin_journal_at(const platform::descriptor& memory, std::uint64_t position, std::uint32_t epoch);

/// One end's mapping of a journal.
class journal {
 public:
  /// `capacity_bytes` is rounded up to a power of two of at least 128 KiB.
  [[nodiscard]] static platform::descriptor create(std::size_t capacity_bytes, std::size_t max_messages);

  /// Maps the ring for writing (the sender's end, twice in a row, so that frames are contiguous) or for reading. Throws `malformed_message` where the memory is none.
  journal(const platform::descriptor& memory, platform::access rights);

  [[nodiscard]] journal_header& header() const { return *header_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] std::size_t max_messages() const { return max_messages_; }

  /// The sender's end: the bytes from `position` on, contiguous; `size` is at most the capacity.
  [[nodiscard]] std::span<std::byte> at(std::uint64_t position, std::size_t size) const {
    return ring_.bytes().subspan(position & (capacity_ - 1), size);
  }
  /// Either end: copies the bytes from `position` on; at most the capacity.
  void copy(std::uint64_t position, std::span<std::byte> into) const;

 private:
  platform::mapping header_mapping_;
  platform::mapping ring_;
  journal_header* header_ = nullptr;
  std::size_t capacity_ = 0;  // copies of what the header said first: the other end may overwrite that
  std::size_t max_messages_ = 0;
};

}  // namespace troupe::channel
