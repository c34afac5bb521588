// One end of a control socket.
#pragma once

#include "platform/packet.hpp"
#include "process/control.hpp"

#include <optional>
#include <span>
#include <vector>

namespace troupe::process_layer {

/// A control message that has come in.
class control_message {
 public:
  [[nodiscard]] control_kind kind() const { return kind_; }

  /// Throws `malformed_message` where the bytes are no `Message`.
  template <class Message>
  [[nodiscard]] Message as() const {
    detail::byte_reader in{bytes_, nullptr};
    return detail::decode<Message>(in);
  }
  std::vector<platform::descriptor> descriptors;
  /// Its descriptors found no room in this process's table and are gone; so is the message itself, but for its kind, where
  /// it was too large for a packet.
  bool lost = false;

 private:
  friend class control_link;
  control_kind kind_{};
  std::vector<std::byte> bytes_;
};

/// A control message on its way out.
struct encoded_message {
  std::vector<std::byte> bytes;
  platform::descriptor outside;  ///< the message itself, where it is too large for a packet
};

template <class Message>
[[nodiscard]] encoded_message encode_message(const Message& message);

/// Sends and receives control messages of any size. Sending and receiving may be done by two threads, each by one at a time.
class control_link {
 public:
  control_link() = default;
  explicit control_link(platform::descriptor socket) : socket_{std::move(socket)} {}

  [[nodiscard]] int socket() const { return socket_.get(); }
  explicit operator bool() const { return static_cast<bool>(socket_); }
  void close() { socket_.reset(); }
  [[nodiscard]] platform::descriptor release() { return std::move(socket_); }

  /// Sends without waiting; the descriptors stay the caller's.
  platform::send_result try_send(const encoded_message& message, std::span<const int> descriptors) const;

  /// Sends, waiting where the socket is full: the guardian always reads. False where the other end is gone.
  template <class Message>
  bool send(const Message& message, std::span<const int> descriptors = {}) const {
    const auto encoded = encode_message(message);
    auto result = try_send(encoded, descriptors);
    while (result == platform::send_result::full) {
      platform::wait_writable(socket_.get(), platform::never);
      result = try_send(encoded, descriptors);
      // Full where it can be written to: too many descriptors are under way, of which no event tells.
      if (result == platform::send_result::full)
        platform::wait_readable({}, platform::deadline_after(std::chrono::milliseconds{5}));
    }
    return result == platform::send_result::sent;
  }

  enum class state { message, empty, closed };
  /// Takes the next message, without waiting. Throws `malformed_message`; `std::system_error` where there is no memory.
  state receive(control_message& into) const;

 private:
  platform::descriptor socket_;
};

namespace detail_of_control {
[[nodiscard]] encoded_message enclose(control_kind kind, const detail::body& body);
}

template <class Message>
encoded_message encode_message(const Message& message) {
  const std::tuple<const Message&> values{message};
  return detail_of_control::enclose(Message::kind, detail::body_of(values));
}

}  // namespace troupe::process_layer
