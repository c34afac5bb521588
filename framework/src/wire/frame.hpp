// Frame version 1: what a message looks like in a journal and on a socket. docs/wire-format.md has a worked example.
//
//    0  u32 length         bytes of the payload, without header, words and padding
//    4  u8  version        1
//    5  u8  kind           frame_kind
//    6  u8  words          which optional 8-byte words follow the header, in the order of frame_word's bits
//    7  u8  attempt        how often the message was started before
//    8  u64 sequence       counts the frames of one journal, from 1
//   16  u64 method         entry_id; in replies the call that they answer
//   24  u32 actor          the receiver
//   28  u16 node           the receiver's node; 0 is this machine
//   30  u16 incarnation    in replies: of who answers, modulo 65,536; else 0
//   32  words, payload, padding to a multiple of 8
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace troupe::wire {

inline constexpr std::uint8_t frame_version = 1;

enum class frame_kind : std::uint8_t {
  tell = 1,
  ask = 2,
  reply = 3,
  error = 4,  ///< a reply whose payload is a problem
};

enum frame_word : std::uint8_t {
  call_word = 1,       ///< ask: the number its reply will carry
  deadline_word = 2,   ///< monotonic nanoseconds after which the answer is of no use
  trace_word = 4,      ///< call chain
  outside_word = 8,    ///< the payload's length: it lies in a memfd that travels beside the frame
  attached_word = 16,  ///< how many memories of its values travel beside the frame
};
inline constexpr std::uint8_t known_words =
    call_word | deadline_word | trace_word | outside_word | attached_word;

struct frame_header {
  std::uint32_t length = 0;
  std::uint8_t version = frame_version;
  frame_kind kind = frame_kind::tell;
  std::uint8_t words = 0;
  std::uint8_t attempt = 0;
  std::uint64_t sequence = 0;
  std::uint64_t method = 0;
  std::uint32_t actor = 0;
  std::uint16_t node = 0;
  std::uint16_t incarnation = 0;
};
static_assert(sizeof(frame_header) == 32);

/// A frame with its optional words taken apart; `payload` points into the memory it was read from.
struct frame {
  frame_header header;
  std::uint64_t call = 0;
  std::int64_t deadline = 0;
  std::uint64_t trace = 0;
  std::uint64_t outside = 0;
  std::uint64_t attached = 0;
  std::span<const std::byte> payload;

  [[nodiscard]] bool is_reply() const {
    return header.kind == frame_kind::reply || header.kind == frame_kind::error;
  }
  /// Whether memory travels beside it.
  [[nodiscard]] bool has_company() const { return (header.words & (outside_word | attached_word)) != 0; }
};

/// No journal has a larger payload in it: larger ones travel in a memfd of their own. Small journals have less.
inline constexpr std::size_t max_inside_payload = std::size_t{4} << 20;

/// Of the optional words. Counted here: `std::popcount` is a call of a function on processors that may lack the instruction.
[[nodiscard]] inline std::size_t words_size(std::uint8_t words) {
  std::size_t count = 0;
  for (; words != 0; words = static_cast<std::uint8_t>(words & (words - 1U))) ++count;
  return count * sizeof(std::uint64_t);
}

/// Whole size in a journal of a frame with these words and this payload.
[[nodiscard]] inline std::size_t frame_size(std::uint8_t words, std::size_t payload) {
  return (sizeof(frame_header) + words_size(words) + payload + 7) & ~std::size_t{7};
}

/// Writes header and words; returns where the payload goes. `room` has `frame_size` bytes.
std::span<std::byte> write_frame(std::span<std::byte> room, const frame& what);

/// Whether a frame of ours can begin like this.
[[nodiscard]] inline bool is_possible(const frame_header& header) {
  return header.version == frame_version && header.kind >= frame_kind::tell &&
         header.kind <= frame_kind::error && (header.words & ~known_words) == 0 &&
         header.length <= max_inside_payload && ((header.words & outside_word) == 0 || header.length == 0);
}
/// Throws `malformed_message` that says why not.
[[noreturn]] void refuse_header(const frame_header& header);
/// Reads the words that `read.header` says there are. Throws `malformed_message`.
void read_words(std::span<const std::byte> bytes, frame& read);

/// Reads the frame at the front of `bytes` into an empty one; false where it is not whole yet. `size` becomes its whole size.
/// Throws `malformed_message` where no frame of ours can begin like this.
[[nodiscard]] inline bool read_frame(std::span<const std::byte> bytes, frame& read, std::size_t& size) {
  if (bytes.size() < sizeof read.header) return false;
  std::memcpy(&read.header, bytes.data(), sizeof read.header);
  if (!is_possible(read.header)) refuse_header(read.header);
  size = frame_size(read.header.words, read.header.length);
  if (bytes.size() < size) return false;
  if (read.header.words != 0) read_words(bytes, read);
  read.payload = bytes.subspan(sizeof read.header + words_size(read.header.words), read.header.length);
  return true;
}

}  // namespace troupe::wire
