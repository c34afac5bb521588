// Packets over Unix socket pairs (SOCK_SEQPACKET): whole or not at all, with descriptors beside the bytes.
#pragma once

#include "platform/clock.hpp"
#include "platform/descriptor.hpp"

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace troupe::platform {

/// Two connected ends. Packets keep their bounds; an end reads nothing more once the other has closed.
[[nodiscard]] std::pair<descriptor, descriptor> packet_pair();

/// Whether `number` is an open end of such a pair.
[[nodiscard]] bool is_packet_socket(int number);

enum class send_result {
  sent,    ///< the whole packet is in the other end's queue, and outlives the sender
  full,    ///< nothing was sent: the queue has no room now
  closed,  ///< nothing was sent: the other end is gone
};

/// Sends `parts` as one packet, with duplicates of `descriptors`; never blocks, never raises SIGPIPE. The caller keeps
/// its bytes and descriptors. Throws `std::system_error` for anything else (EMSGSIZE, ETOOMANYREFS, ...).
send_result send_packet(int socket, std::initializer_list<std::span<const std::byte>> parts,
                        std::span<const int> descriptors = {});

enum class receive_result {
  received,
  empty,   ///< nothing there now
  closed,  ///< the other end is gone and its last packet has been read
};

/// What came with a packet.
struct arrival {
  receive_result result = receive_result::empty;
  std::size_t size = 0;                 ///< bytes written over the parts, in order
  std::vector<descriptor> descriptors;  ///< close-on-exec, owned by the caller
  bool cut = false;                     ///< bytes were lost: no room for them (MSG_TRUNC)
  bool lost =
      false;  ///< descriptors were lost: this process has no room for more (MSG_CTRUNC); the bytes are whole
};

/// Reads one packet into `parts`, in order; never blocks. A reset by the other end's death reads as `closed`.
[[nodiscard]] arrival receive_packet(int socket, std::initializer_list<std::span<std::byte>> parts);

/// The most descriptors that one packet carries here.
inline constexpr std::size_t max_packet_descriptors = 20;

/// Ends both directions: whoever waits on this end wakes, and reads what is still queued, then `closed`.
void shut_down(int socket);

/// Waits until one of `sockets` can be read or has been closed, or the deadline has come (false).
/// At most 4 sockets.
bool wait_readable(std::initializer_list<int> sockets, time_point deadline);

struct watched_socket {
  int number = -1;
  bool ready = false;  ///< set by the wait
};
/// As above, for any number of sockets; says which it was.
bool wait_readable(std::span<watched_socket> sockets, time_point deadline);

/// Waits until `socket` takes bytes again or has been closed, or the deadline has come (false).
bool wait_writable(int socket, time_point deadline);

}  // namespace troupe::platform
