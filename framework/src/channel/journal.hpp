// A journal: the ring in shared memory that holds what one process has sent to another until the other has finished it. A
// channel has two, one for each direction, in one piece of memory: what both ends write comes first, then the rings.
//
//   finished            head               tail
//      |  accepted       |  of the open turn |        free        |
//      +-----------------+-------------------+--------------------+  capacity bytes, then round again
//
// The sender encodes frames at the tail; a commit moves the head (in the sender's page) there; the receiver's finished mark
// (in its page) frees. Positions count bytes from the journal's beginning and never wrap. The receiver takes what is there
// when it has nothing else to do; the sender sends a packet only to wake it. But on the lane `socket` the bytes between head
// and finished reach the receiver on one of two ways, and `sent` says which are taken care of:
//
//   the sender puts them in a packet: claims [sent, head) by moving `sent`, then sends
//   the receiver takes them, when it would otherwise sleep: claims them likewise, but only where sent == received,
//   that is where no packet is under way, so that the order is kept
//
// Both claim with a compare-and-swap of one word, so no byte goes both ways. When the sender has died the receiver takes
// the rest up to head: what was accepted arrives. What it takes it copies, but for large requests, which stay where they
// are until they are finished.
#pragma once

#include <troupe/options.hpp>

#include "channel/pinned.hpp"
#include "platform/cpus.hpp"
#include "platform/memory.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace troupe::channel {

/// Which of a channel's two journals.
enum class direction : std::uint8_t {
  forth,  ///< what is sent by the end that the channel was opened for
  back,
};
[[nodiscard]] constexpr direction opposite(direction of) {
  return of == direction::forth ? direction::back : direction::forth;
}

/// Of both.
struct journal_front {
  std::uint64_t magic;
  std::uint64_t capacity;      ///< bytes of each ring: a power of two
  std::uint64_t max_messages;  ///< unfinished ones
  std::uint64_t way;           ///< a `lane`
};

/// Shared by both ends and mapped writable by both: corrupt figures here can hold up this one channel, nothing else.
struct journal_header {
  alignas(128) std::atomic<std::uint64_t> sent;
  alignas(128) std::atomic<std::uint64_t> received;
  std::atomic<std::uint32_t> wants_room;  ///< the sender waits for the finished mark to move
  std::atomic<std::uint64_t> revoked;     ///< a message that the sender takes back: see channel::revoke
  std::atomic<std::uint32_t> epoch;       ///< of the last attachment: see channel::reattach
  std::atomic<std::uint32_t> is_watched;  ///< the receiver looks at the head all the time: it needs no packet
  std::atomic<std::uint32_t> is_called;   ///< a packet that says no more than "look here" is under way
};

/// What the memory of both begins with; the rings follow at `rings_begin`, forth first.
struct journals_front {
  journal_front front;
  std::array<journal_header, 2> headers;  ///< by direction
};
inline constexpr std::size_t rings_begin = 4096;
static_assert(sizeof(journals_front) <= rings_begin);

/// Both journals of a channel. `capacity_bytes`, of each, is rounded up to a power of two of at least 128 KiB.
[[nodiscard]] platform::descriptor create_journals(std::size_t capacity_bytes, std::size_t max_messages,
                                                   lane way = lane::automatic);

/// Has both ends of a journal, of which none is there yet, begin at that position.
void begin_journal_at(const platform::descriptor& memory, direction which, std::uint64_t position,
                      std::uint32_t epoch);

/// One end's mapping of a journal.
class journal {
 public:
  /// Maps the ring, twice in a row, so that frames are contiguous. Throws `malformed_message` where the memory is none.
  journal(const platform::descriptor& memory, direction which, platform::access rights);

  /// The channel's other one.
  [[nodiscard]] journal other(const platform::descriptor& memory, platform::access rights) const {
    return {front_, memory, opposite(which_), rights};
  }

  [[nodiscard]] journal_header& header() const { return *header_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] std::size_t max_messages() const { return max_messages_; }
  [[nodiscard]] lane way() const { return way_; }

  /// The bytes from `position` on, contiguous; `size` is at most the capacity. Only the sender's end may write to them, and
  /// the receiver's may see them change.
  [[nodiscard]] std::span<std::byte> at(std::uint64_t position, std::size_t size) const {
    return bytes_.subspan(position & (capacity_ - 1), size);
  }
  /// The sender's end is about to write at `position`: the lines that it writes after the next few messages are on their way
  /// to its CPU from now on. The receiver has read them last; fetched when they are written, each would cost a wait, for what is
  /// sent must be seen by others before the sender looks whether they sleep.
  void prepare(std::uint64_t position) const {
    constexpr std::uint64_t ahead = 1024, line = 64;
    platform::will_write(at(position + ahead, line).data());
    platform::will_write(at(position + ahead + line, line).data());
  }
  /// The receiver's end looks for news at `position`: the lines of a short message are fetched while it looks, all at once, and
  /// not one after the other when it has seen that there is one.
  void expect(std::uint64_t position) const {
    constexpr std::uint64_t line = 64;
    platform::will_read(at(position, line).data());
    platform::will_read(at(position + line, line).data());
    platform::will_read(at(position + 2 * line, line).data());
  }
  /// Copies the bytes from `position` on; at most the capacity.
  void copy(std::uint64_t position, std::span<std::byte> into) const;
  /// Keeps mapped what `at` returns, also without the journal.
  [[nodiscard]] pin ring() const { return ring_; }

 private:
  friend void begin_journal_at(const platform::descriptor& memory, direction which, std::uint64_t position,
                               std::uint32_t epoch);

  class mapped_front : public pinned {
   public:
    explicit mapped_front(const platform::descriptor& memory);
    [[nodiscard]] journal_header& header(direction which) const {
      return memory_->headers[static_cast<std::size_t>(which)];
    }
    /// Copies of what the front said first: the other end may overwrite that.
    std::size_t capacity = 0;
    std::size_t max_messages = 0;
    lane way{};

   private:
    platform::mapping mapped_;
    journals_front* memory_ = nullptr;
  };
  class mapped_ring : public pinned {
   public:
    explicit mapped_ring(platform::mapping mapped) : twice{std::move(mapped)} {}
    const platform::mapping twice;
  };

  journal(pin_of<const mapped_front> front, const platform::descriptor& memory, direction which,
          platform::access rights);

  pin_of<const mapped_front> front_;
  direction which_;
  pin_of<const mapped_ring> ring_;
  std::span<std::byte> bytes_;  // of the ring, twice
  journal_header* header_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t max_messages_ = 0;
  lane way_{};
};

}  // namespace troupe::channel
