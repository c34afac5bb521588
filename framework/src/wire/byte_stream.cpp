#include <troupe/detail/byte_stream.hpp>
#include <troupe/errors.hpp>

#include "platform/memory.hpp"

#include <stdexcept>
#include <string>

namespace troupe::detail {
namespace {

constexpr std::uint8_t no_memory = 0xff;  // where a place in the list would stand

}  // namespace

void byte_writer::spill(const void* bytes, std::size_t count) {
  if (rest_ == nullptr) throw_message_changed(room_.size());
  flush();
  if (count > room_.size()) {
    rest_->write({static_cast<const std::byte*>(bytes), count});  // as it lies: no second copy
    size_ += count;
  } else {
    put(bytes, count);
  }
}

void byte_writer::flush() {
  if (used_ != 0) rest_->write(room_.first(used_));
  used_ = 0;
}

void byte_writer::attach(const attachment& what) {
  const auto& memory = what.memory_or_copy();
  if (!memory && !what.is().had_some) return put_value(no_memory);
  const auto place = next_attachment_++;
  if (!is_writing()) {
    if (attached_ == nullptr) {
      throw std::logic_error{
          "troupe: shared memory cannot be packed, as a pool's tasks and a topology's items are: what is "
          "packed is bytes. Give the shared object to the process as an argument of its spawn, or in a tell "
          "or ask"};
    }
    if (!memory) {
      throw std::logic_error{
          "troupe: this shared_buffer has been handed over already: whoever got it has it now"};
    }
    if (place >= max_attachments) {
      throw std::length_error{
          "troupe: a message carries at most " + std::to_string(max_attachments) +
          " shared objects: send some of them before, or put the values into one shared_array"};
    }
    attached_->push_back(memory);
    if (what.is().is_plain) ++plain_attachments_;
  }
  put_value(place);
}

attachment byte_reader::take_attachment() {
  const auto place = take_value<std::uint8_t>();
  if (place == no_memory) return {};
  const auto there = attached_ == nullptr ? 0 : attached_->size();
  if (place >= there) {
    throw malformed_message{"a message names shared memory number " + std::to_string(place) + ", and " +
                            std::to_string(there) + " came with it"};
  }
  return {(*attached_)[place], {.is_copy = are_copies_}};
}

void throw_message_too_short(std::size_t wanted, std::size_t left) {
  throw malformed_message{"a message says that " + std::to_string(wanted) +
                          " bytes or elements follow, but only " + std::to_string(left) +
                          " bytes are left in it"};
}

void throw_message_too_long(std::size_t left) {
  throw malformed_message{"a message goes on for " + std::to_string(left) +
                          " bytes behind its last argument"};
}

void refuse_message() {
  try {
    throw;
  } catch (const std::exception& problem) {
    throw refused_message{std::string{"the arguments cannot be read: "} + problem.what()};
  }
}

void throw_message_changed(std::size_t room) {
  throw malformed_message{"a value was measured as part of " + std::to_string(room) +
                          " bytes and then wrote more: its serialize must write the same each time"};
}

void will_fill(void* memory, std::size_t size) noexcept { platform::prefer_large_pages(memory, size); }

void throw_message_too_deep(std::size_t levels) {
  throw malformed_message{"a message is nested deeper than " + std::to_string(levels) + " levels"};
}

void throw_unknown_alternative(std::size_t index, std::size_t alternatives) {
  throw malformed_message{"a message has alternative " + std::to_string(index) + " of a variant of " +
                          std::to_string(alternatives)};
}

void throw_valueless_variant() {
  throw malformed_message{"a variant that an exception left without a value cannot be sent"};
}

}  // namespace troupe::detail
