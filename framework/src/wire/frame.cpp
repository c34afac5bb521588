#include "wire/frame.hpp"

#include <troupe/detail/byte_stream.hpp>
#include <troupe/errors.hpp>

#include <bit>
#include <cstring>
#include <string>

namespace troupe::wire {
namespace {

constexpr std::size_t word_size = 8;

std::size_t words_size(std::uint8_t words) {
  if (words == 0)
    return 0;  // a tell's: counting bits is a function call on processors that may lack the instruction
  return static_cast<std::size_t>(std::popcount(words)) * word_size;
}
std::size_t padded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }

void check(const frame_header& header) {
  const auto refuse = [](const char* field, unsigned value) {
    throw malformed_message{std::string{"a frame's "} + field + " is " + std::to_string(value) +
                            ", which version 1 does not know"};
  };
  if (header.version != frame_version) refuse("version", header.version);
  if (header.kind < frame_kind::tell || header.kind > frame_kind::error)
    refuse("kind", static_cast<unsigned>(header.kind));
  if ((header.words & ~known_words) != 0) refuse("set of words", header.words);
  if (header.length > max_inside_payload) refuse("length", header.length);
  if ((header.words & outside_word) != 0 && header.length != 0)
    refuse("length beside an outside payload", header.length);
}

// Calls `use` with each word that the frame has, in their order.
template <class Frame, class Use>
void for_each_word(Frame& of, const Use& use) {
  const auto visit = [&](frame_word word, auto& value) {
    if ((of.header.words & word) != 0) use(value);
  };
  visit(call_word, of.call);
  visit(deadline_word, of.deadline);
  visit(trace_word, of.trace);
  visit(outside_word, of.outside);
  visit(attached_word, of.attached);
}

void read_words(std::span<const std::byte> bytes, frame& read) {
  std::size_t at = sizeof read.header;
  for_each_word(read, [&](auto& value) {
    std::memcpy(&value, bytes.data() + at, word_size);
    at += word_size;
  });
  if ((read.header.words & attached_word) != 0 &&
      (read.attached == 0 || read.attached > detail::max_attachments)) {
    throw malformed_message{"a frame says that " + std::to_string(read.attached) +
                            " shared objects travel beside it, which is not possible"};
  }
}

}  // namespace

std::size_t frame_size(std::uint8_t words, std::size_t payload) {
  return padded(sizeof(frame_header) + words_size(words) + payload);
}

std::span<std::byte> write_frame(std::span<std::byte> room, const frame& what) {
  std::memcpy(room.data(), &what.header, sizeof what.header);
  std::size_t at = sizeof what.header;
  for_each_word(what, [&](const auto& value) {
    std::memcpy(room.data() + at, &value, word_size);
    at += word_size;
  });
  return room.subspan(at, what.header.length);
}

bool read_frame(std::span<const std::byte> bytes, frame& read, std::size_t& size) {
  if (bytes.size() < sizeof(frame_header)) return false;
  std::memcpy(&read.header, bytes.data(), sizeof read.header);
  check(read.header);
  size = frame_size(read.header.words, read.header.length);
  if (bytes.size() < size) return false;
  if (read.header.words != 0) read_words(bytes, read);
  read.payload = bytes.subspan(sizeof read.header + words_size(read.header.words), read.header.length);
  return true;
}

}  // namespace troupe::wire
