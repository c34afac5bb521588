// Connections between gateways, by CAF: the one place where this program part knows of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace troupe::detail {

/// So much may have come over one link and wait to be handled, with what each message takes beside its bytes. Who waits for
/// acknowledgements sends half of that at most, `widest_window`.
inline constexpr std::size_t most_unhandled = std::size_t{64} << 20;
inline constexpr std::size_t widest_window = most_unhandled / 2;

/// A CAF system with one actor in it, which passes on what it gets, and what it hears of others' ends.
class links {
 public:
  /// Called on CAF's threads, one after another.
  struct listener {
    std::function<void(std::uint64_t link, std::string&& message)> received;
    std::function<void(std::uint64_t link, const std::string& why)> ended;
    std::function<void(std::uint64_t attempt, std::uint64_t link)> connected;
    std::function<void(std::uint64_t attempt, const std::string& why)> failed;
    /// A connection, before anything came of it. May be empty where nobody can connect.
    std::function<void(const std::string& who, const std::string& why)> refused;
    /// More has come than may wait. Returns the last words for it: its connection is ended with them.
    std::function<std::string(std::uint64_t link)> flooded;
  };

  /// Starts CAF's threads. With a folder of certificates all connections are TLS, and both ends show theirs.
  explicit links(listener to, const std::string& certificates = {});
  links(const links&) = delete;
  links& operator=(const links&) = delete;
  /// Nobody is called any more. CAF's threads stay for the process's end, which must be one without static destructors.
  ~links();

  /// Returns the port. Throws `std::runtime_error` with CAF's words.
  std::uint16_t listen(const std::string& host, std::uint16_t port);
  /// Ends in `connected` or `failed`, unless nothing at all comes from there.
  void connect(std::uint64_t attempt, const std::string& host, std::uint16_t port);
  /// Does not block. Nothing is done where the link has ended. Any thread.
  void send(std::uint64_t link, std::string message);
  /// Sends that everywhere, and waits until every other end has said something that begins with the same byte, or has ended;
  /// and until the last words of those that were dropped have left.
  void take_leave(const std::string& message, std::chrono::milliseconds patience);
  /// To be said of each message that was received, before it is handled. False: its link has flooded, and it is not to be.
  [[nodiscard]] bool may_handle(std::uint64_t link, std::size_t size);
  /// Sends that, if it is anything, and ends the connection: nothing is received from it any more.
  void drop(std::uint64_t link, std::string last_words = {});
  /// Ends the connections that have come so long ago and over which nobody has introduced himself, and those that do not take what
  /// they are sent.
  void end_useless(std::chrono::milliseconds patience);

 private:
  struct inside;
  std::shared_ptr<inside> inside_;
};

}  // namespace troupe::detail
