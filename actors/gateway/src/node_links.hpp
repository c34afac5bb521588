// Connections between gateways, by CAF: the one place where this program part knows of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace troupe::detail {

/// A CAF system with one actor in it, which passes on what it gets, and what it hears of others' ends.
class links {
 public:
  /// Called on CAF's threads, one after another.
  struct listener {
    std::function<void(std::uint64_t link, std::string&& message)> received;
    std::function<void(std::uint64_t link, const std::string& why)> ended;
    std::function<void(std::uint64_t attempt, std::uint64_t link)> connected;
    std::function<void(std::uint64_t attempt, const std::string& why)> failed;
    /// By TLS, before anything came of it.
    std::function<void(const std::string& who, const std::string& why)> refused;
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
  /// Sends that everywhere, and waits until every other end has said something that begins with the same byte, or has ended.
  void take_leave(const std::string& message, std::chrono::milliseconds patience);
  /// Nothing is received from it any more.
  void drop(std::uint64_t link);

 private:
  struct inside;
  std::shared_ptr<inside> inside_;
};

}  // namespace troupe::detail
