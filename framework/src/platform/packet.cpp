#include "platform/packet.hpp"

#include "platform/error.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace troupe::platform {
namespace {

constexpr std::size_t max_parts = 4;

union control_buffer {
  cmsghdr aligned;
  std::array<char, CMSG_SPACE(sizeof(int) * max_packet_descriptors)> bytes;
};

void attach(msghdr& message, control_buffer& control, std::span<const int> descriptors) {
  message.msg_control = control.bytes.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
}

std::vector<descriptor> detach(msghdr& message) {
  std::vector<descriptor> owned;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof number);
      owned.push_back(adopt_above_standard(number));
    }
  }
  return owned;
}

int poll_timeout(time_point deadline) {
  if (deadline == never) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, INT_MAX));
}

bool poll_until(std::span<pollfd> watched, time_point deadline) {
  for (;;) {
    const int ready = ::poll(watched.data(), watched.size(), poll_timeout(deadline));
    if (ready > 0) return true;
    if (ready == -1 && errno != EINTR) throw_system_error(errno, "poll", "socket");
    if (deadline != never && std::chrono::steady_clock::now() >= deadline) return false;
  }
}

}  // namespace

std::pair<descriptor, descriptor> packet_pair() {
  std::array<int, 2> ends{};
  require("socketpair", "SOCK_SEQPACKET",
          [&] { return ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()); });
  return {adopt_above_standard(ends[0]), adopt_above_standard(ends[1])};
}

bool is_packet_socket(int number) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

send_result send_packet(int socket, std::initializer_list<std::span<const std::byte>> parts,
                        std::span<const int> descriptors) {
  std::array<iovec, max_parts> pieces{};
  std::size_t count = 0;
  for (const auto part : parts) {
    pieces.at(count++) = {const_cast<std::byte*>(part.data()), part.size()};
  }
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = count;
  control_buffer control{};
  if (!descriptors.empty())
    attach(message, control, descriptors.first(std::min(descriptors.size(), max_packet_descriptors)));
  if (retry([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT); }) != -1)
    return send_result::sent;
  switch (errno) {
    case EAGAIN: return send_result::full;
    case EPIPE:
    case ECONNRESET: return send_result::closed;
    default: throw_system_error(errno, "sendmsg", "socket pair");
  }
}

arrival receive_packet(int socket, std::initializer_list<std::span<std::byte>> parts) {
  std::array<iovec, max_parts> pieces{};
  std::size_t count = 0;
  for (const auto part : parts) pieces.at(count++) = {part.data(), part.size()};
  control_buffer control{};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = count;
  message.msg_control = control.bytes.data();
  message.msg_controllen = sizeof control.bytes;
  // A peer that closes with unread packets in its own queue leaves an error in front of what it sent: reading the error
  // clears it, and what was sent comes next. To take it for the end would lose that.
  const auto receive = [&] { return ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC); };
  auto size = retry(receive);
  if (size == -1 && errno == ECONNRESET) size = retry(receive);
  arrival came;
  if (size == -1) {
    if (errno == EAGAIN) return came;
    if (errno != ECONNRESET) throw_system_error(errno, "recvmsg", "socket pair");
    came.result = receive_result::closed;
    return came;
  }
  came.result = size == 0 ? receive_result::closed : receive_result::received;
  came.size = static_cast<std::size_t>(size);
  if (message.msg_controllen != 0) came.descriptors = detach(message);
  came.cut = (message.msg_flags & MSG_TRUNC) != 0;
  came.lost = (message.msg_flags & MSG_CTRUNC) != 0;
  return came;
}

void shut_down(int socket) { ::shutdown(socket, SHUT_RDWR); }

bool wait_readable(std::initializer_list<int> sockets, time_point deadline) {
  std::array<pollfd, max_parts> watched{};
  std::size_t count = 0;
  for (const int socket : sockets) watched.at(count++) = {socket, POLLIN, 0};
  return poll_until({watched.data(), count}, deadline);
}

bool wait_readable(std::span<watched_socket> sockets, time_point deadline) {
  std::vector<pollfd> watched;
  for (const auto& socket : sockets) watched.push_back({socket.number, POLLIN, 0});
  const bool any = poll_until(watched, deadline);
  for (std::size_t i = 0; i < sockets.size(); ++i) sockets[i].ready = watched[i].revents != 0;
  return any;
}

bool wait_writable(int socket, time_point deadline) {
  std::array<pollfd, 1> watched{pollfd{socket, POLLOUT, 0}};
  return poll_until(watched, deadline);
}

}  // namespace troupe::platform
