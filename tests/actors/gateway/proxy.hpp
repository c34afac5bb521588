// A stretch of network between two nodes, which tests can cut.
#pragma once

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <list>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace support {

/// Listens on a port of its own and passes on what comes, to a port of this machine and back. Threads: any.
class proxy {
 public:
  explicit proxy(std::uint16_t to) : to_{to}, listens_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    auto where = loopback(0);
    socklen_t size = sizeof where;
    if (::bind(listens_, reinterpret_cast<sockaddr*>(&where), size) != 0 || ::listen(listens_, 16) != 0 ||
        ::getsockname(listens_, reinterpret_cast<sockaddr*>(&where), &size) != 0)
      throw std::runtime_error{"no port for a proxy"};
    port_ = ntohs(where.sin_port);
    accepts_ = std::thread{[this] { accept_all(); }};
  }
  proxy(const proxy&) = delete;
  proxy& operator=(const proxy&) = delete;
  ~proxy() {
    is_over_ = true;
    ::shutdown(listens_, SHUT_RDWR);
    accepts_.join();
    cut();
    for (auto& each : relays_) each.join();
    ::close(listens_);
  }

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int connections() const { return count_; }
  /// Ends every connection that there is. New ones may be made.
  void cut() {
    const std::lock_guard lock{mutex_};
    for (const int each : open_) ::shutdown(each, SHUT_RDWR);
  }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return where;
  }
  void accept_all() {
    for (;;) {
      const int from = ::accept4(listens_, nullptr, nullptr, SOCK_CLOEXEC);
      if (from < 0) return;
      const int to = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      auto where = loopback(to_);
      const bool is_there = ::connect(to, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0;
      const std::lock_guard lock{mutex_};
      if (!is_there || is_over_) {
        ::close(from);
        ::close(to);
        continue;
      }
      open_.push_back(from);
      open_.push_back(to);
      ++count_;
      relays_.emplace_back([this, from, to] { relay(from, to); });
    }
  }
  void relay(int one, int other) {
    std::array<pollfd, 2> ends{{{one, POLLIN, 0}, {other, POLLIN, 0}}};
    while (::poll(ends.data(), 2, -1) > 0) {
      if (ends[0].revents != 0 && !pass_on(one, other)) break;
      if (ends[1].revents != 0 && !pass_on(other, one)) break;
    }
    const std::lock_guard lock{mutex_};
    open_.remove(one);
    open_.remove(other);
    ::close(one);
    ::close(other);
  }
  static bool pass_on(int from, int to) {
    std::array<char, 4096> bytes;
    const auto count = ::recv(from, bytes.data(), bytes.size(), 0);
    if (count <= 0) return false;
    for (ssize_t sent = 0; sent < count;) {
      const auto more = ::send(to, bytes.data() + sent, static_cast<std::size_t>(count - sent), MSG_NOSIGNAL);
      if (more <= 0) return false;
      sent += more;
    }
    return true;
  }

  std::uint16_t to_;
  int listens_;
  std::uint16_t port_ = 0;
  std::atomic<bool> is_over_{false};
  std::atomic<int> count_{0};
  std::mutex mutex_;
  std::list<int> open_;
  std::vector<std::thread> relays_;
  std::thread accepts_;
};

}  // namespace support
