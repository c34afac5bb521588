#include "process/control_link.hpp"

#include <troupe/errors.hpp>

#include "platform/memory.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace troupe::process_layer {
namespace {

constexpr std::size_t max_packet = 32 * 1024;
constexpr std::size_t max_outside = std::size_t{256} << 20;  // the report of 4096 ends fits
constexpr auto outside_flag = std::byte{0x80};  // of the kind: the message is the last descriptor's memory

std::vector<std::byte> read_outside(const platform::descriptor& memory) {
  const auto size = platform::memory_size(memory);
  if (!platform::cannot_shrink(memory) || size == 0 || size > max_outside) {
    throw malformed_message{
        "a control message lies outside its packet, but not in memory of a possible size"};
  }
  const auto mapped = platform::mapping::map(memory, platform::access::read, 0, size);
  return {mapped.bytes().begin(), mapped.bytes().end()};
}

}  // namespace

encoded_message detail_of_control::enclose(control_kind kind, const detail::body& body) {
  const auto write = [&](std::span<std::byte> room) {
    detail::byte_writer out{room};
    body.write(body.values, out);
  };
  encoded_message message;
  message.bytes.push_back(static_cast<std::byte>(kind));
  if (body.size < max_packet) {
    message.bytes.resize(1 + body.size);
    write(std::span{message.bytes}.subspan(1));
  } else {
    message.bytes.front() |= outside_flag;
    message.outside = platform::create_shared_memory("troupe-control", body.size);
    write(platform::mapping::map(message.outside, platform::access::read_write, 0, body.size).bytes());
  }
  return message;
}

platform::send_result control_link::try_send(const encoded_message& message,
                                             std::span<const int> descriptors) const try {
  std::vector<int> all{descriptors.begin(), descriptors.end()};
  if (message.outside) all.push_back(message.outside.get());
  return platform::send_packet(socket_.get(), {message.bytes}, all);
} catch (const std::system_error& problem) {
  // More descriptors of this user are on their way than the limit allows (unix(7), ETOOMANYREFS): they will arrive.
  if (problem.code().value() != ETOOMANYREFS) throw;
  return platform::send_result::full;
}

control_link::state control_link::receive(control_message& into) const {
  std::array<std::byte, max_packet + 1> room;  // not initialised: only what came is read
  auto came = platform::receive_packet(socket_.get(), {room});
  if (came.result == platform::receive_result::empty) return state::empty;
  if (came.result == platform::receive_result::closed) return state::closed;
  if (came.cut) throw malformed_message{"a control message is larger than a packet"};
  into.descriptors = std::move(came.descriptors);
  into.lost = came.lost;
  if (came.lost) into.descriptors.clear();  // the first of them may have come
  into.kind_ = static_cast<control_kind>(room[0] & ~outside_flag);
  if ((room[0] & outside_flag) == std::byte{}) {
    into.bytes_.assign(room.begin() + 1, room.begin() + static_cast<std::ptrdiff_t>(came.size));
  } else {
    into.bytes_.clear();
    if (came.lost) return state::message;
    if (into.descriptors.empty())
      throw malformed_message{"a control message outside its packet came without its memory"};
    into.bytes_ = read_outside(into.descriptors.back());
    into.descriptors.pop_back();
  }
  return state::message;
}

}  // namespace troupe::process_layer
