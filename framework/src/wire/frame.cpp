#include "wire/frame.hpp"

#include <troupe/detail/byte_stream.hpp>
#include <troupe/errors.hpp>

#include <cstring>
#include <string>
#include <utility>

namespace troupe::wire {
namespace {

constexpr std::size_t word_size = 8;

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

}  // namespace

std::span<std::byte> write_frame(std::span<std::byte> room, const frame& what) {
  std::memcpy(room.data(), &what.header, sizeof what.header);
  std::size_t at = sizeof what.header;
  for_each_word(what, [&](const auto& value) {
    std::memcpy(room.data() + at, &value, word_size);
    at += word_size;
  });
  return room.subspan(at, what.header.length);
}

void refuse_header(const frame_header& header) {
  const auto [field, value] = [&]() -> std::pair<const char*, std::uint32_t> {
    if (header.version != frame_version) return {"version", header.version};
    if (header.kind < frame_kind::tell || header.kind > frame_kind::error)
      return {"kind", static_cast<std::uint32_t>(header.kind)};
    if ((header.words & ~known_words) != 0) return {"set of words", header.words};
    if (header.length > max_inside_payload) return {"length", header.length};
    return {"length beside an outside payload", header.length};
  }();
  throw malformed_message{std::string{"a frame's "} + field + " is " + std::to_string(value) +
                          ", which version 1 does not know"};
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

}  // namespace troupe::wire
