#include <troupe/detail/byte_stream.hpp>
#include <troupe/errors.hpp>

#include <string>

namespace troupe::detail {

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
