#include "proxy.hpp"

#include "loopback.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <deque>
#include <list>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <poll.h>
#include <random>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace support {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t most_on_its_way = std::size_t{256} << 10;  // bytes; the rest waits at who sends it
constexpr int a_burst = 50;  // the part of a second that bandwidth is dealt out in

/// One end of a connection. Closed by the destructor, or before.
class end {
 public:
  explicit end(int socket) : socket_{socket} {
    const int yes = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // slices stay slices
  }
  end(const end&) = delete;
  end& operator=(const end&) = delete;
  ~end() { close(false); }

  [[nodiscard]] int get() const { return socket_; }
  [[nodiscard]] bool is_open() const { return socket_ >= 0; }
  void close(bool by_reset) {
    if (!is_open()) return;
    const linger at_once{1, 0};
    if (by_reset) ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(std::exchange(socket_, -1));
  }

 private:
  int socket_;
};

/// What is on its way. The last one, without bytes, is the end.
struct piece {
  clock::time_point due;
  std::string bytes;
};

/// One direction of a connection.
struct way {
  end& from;
  end& to;
  std::deque<piece> pieces{};
  std::size_t on_its_way = 0;
  std::size_t came = 0;  ///< bytes, at the other end
  clock::time_point free{};

  [[nodiscard]] bool wants_more() const { return from.is_open() && on_its_way < most_on_its_way; }
  /// When there is something to do.
  [[nodiscard]] std::optional<clock::time_point> next() const {
    if (!to.is_open() || pieces.empty()) return std::nullopt;
    return std::max(pieces.front().due, free);
  }
  void add(std::string bytes, clock::time_point due) {
    if (!pieces.empty()) due = std::max(due, pieces.back().due);
    on_its_way += bytes.size();
    pieces.push_back({due, std::move(bytes)});
  }
  void drop() {
    pieces.clear();
    on_its_way = 0;
  }
};

struct connection {
  connection(int from, int to) : client{from}, server{to} {}
  end client, server;
  way up{client, server};
  way down{server, client};
};

}  // namespace

/// One thread does everything, with the mutex held but where it waits.
class proxy::inside {
 public:
  explicit inside(std::uint16_t to) : to_{to} {
    auto where = loopback(0);
    socklen_t size = sizeof where;
    if (::bind(listens_, reinterpret_cast<sockaddr*>(&where), size) != 0 || ::listen(listens_, 16) != 0 ||
        ::getsockname(listens_, reinterpret_cast<sockaddr*>(&where), &size) != 0)
      throw std::runtime_error{"no port for a proxy"};
    port = ntohs(where.sin_port);
    runs_ = std::thread{[this] { run(); }};
  }
  inside(const inside&) = delete;
  inside& operator=(const inside&) = delete;
  ~inside() {
    change([this] { is_over_ = true; });
    runs_.join();
    ::close(listens_);
    ::close(wakes_);
  }

  template <class Change>
  void change(Change change) {
    const std::lock_guard lock{mutex};
    change();
    ::eventfd_write(wakes_, 1);
  }
  void cut() {
    for (auto& each : all_) {
      for (auto* const one : {&each.up, &each.down}) one->drop();
      end_of(each.up, wrong[0]);
      end_of(each.down, wrong[1]);
    }
    pass_on();
  }

  std::uint16_t port = 0;
  mutable std::mutex mutex;  // of everything below
  std::array<toxics, 2> wrong{};
  std::array<std::size_t, 2> passed{};
  bool accepts = true;
  int count = 0;

 private:
  void run() {
    std::vector<pollfd> waited_for;
    for (;;) {
      std::optional<clock::time_point> next;
      {
        const std::lock_guard lock{mutex};
        if (is_over_) return;
        pass_on();
        next = what_to_wait_for(waited_for);
      }
      timespec patience{};
      if (next) {
        const auto left = std::max(clock::duration{}, *next - clock::now());
        patience.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
        patience.tv_nsec = std::chrono::nanoseconds{left % std::chrono::seconds{1}}.count();
      }
      ::ppoll(waited_for.data(), waited_for.size(), next ? &patience : nullptr, nullptr);
      eventfd_t ignored = 0;
      if (waited_for[0].revents != 0) ::eventfd_read(wakes_, &ignored);
      if (waited_for[1].revents != 0) accept_one();
    }
  }
  std::optional<clock::time_point> what_to_wait_for(std::vector<pollfd>& sockets) {
    sockets = {{wakes_, POLLIN, 0}, {listens_, POLLIN, 0}};
    std::optional<clock::time_point> soonest;
    const auto now = clock::now();
    for (auto& each : all_) {
      for (const auto* const one : {&each.up, &each.down}) {
        if (one->wants_more()) sockets.push_back({one->from.get(), POLLIN, 0});
        const auto next = one->next();
        if (next && *next <= now) {
          sockets.push_back({one->to.get(), POLLOUT, 0});  // it had no room
        } else if (next && (!soonest || *next < *soonest)) {
          soonest = next;
        }
      }
    }
    return soonest;
  }
  void accept_one() {
    const int from = ::accept4(listens_, nullptr, nullptr, SOCK_CLOEXEC);
    if (from < 0) return;
    const int to = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto where = loopback(to_);
    const bool is_there = ::connect(to, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0;
    const std::lock_guard lock{mutex};
    all_.emplace_back(from, to);
    if (!is_there || !accepts) return all_.pop_back();
    ++count;
  }

  // With the mutex held from here on.
  void pass_on() {
    for (auto& each : all_) {
      take(each.up, each.down, 0);
      take(each.down, each.up, 1);
      give(each.up, each.down, 0);
      give(each.down, each.up, 1);
    }
    all_.remove_if([](const connection& each) { return !each.client.is_open() && !each.server.is_open(); });
  }
  void take(way& of, way& back, std::size_t which) {
    std::array<char, 4096> bytes;
    while (of.wants_more()) {
      const auto size = ::recv(of.from.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (size < 0 && errno == EAGAIN) return;
      if (size <= 0) return ended(of, back, which);
      if (wrong[which].timeout || !of.to.is_open()) continue;
      slice({bytes.data(), static_cast<std::size_t>(size)}, of, wrong[which]);
    }
  }
  /// Who sends is not there any more: nobody hears the other one.
  void ended(way& of, way& back, std::size_t which) {
    of.from.close(false);
    back.drop();
    end_of(of, wrong[which]);
  }
  static void end_of(way& of, const toxics& by) {
    if (!by.timeout) of.add({}, clock::now() + by.latency + by.slow_close);
  }
  void slice(std::string bytes, way& of, const toxics& by) {
    auto due = clock::now() + by.latency;
    if (by.jitter.count() > 0)
      due += std::chrono::milliseconds{between(-by.jitter.count(), by.jitter.count())};
    while (by.slicer != 0 && bytes.size() > 1) {
      const auto size = static_cast<std::size_t>(between(1, static_cast<std::int64_t>(2 * by.slicer)));
      if (size >= bytes.size()) break;
      of.add(bytes.substr(0, size), due);
      bytes.erase(0, size);
      due += by.slice_delay;
    }
    of.add(std::move(bytes), due);
  }
  void give(way& of, way& back, std::size_t which) {
    for (auto next = of.next(); next && *next <= clock::now(); next = of.next()) {
      auto& first = of.pieces.front();
      const auto& by = wrong[which];
      if (first.bytes.empty()) return of.to.close(by.reset_peer);
      auto size = first.bytes.size();
      if (by.bandwidth != 0) size = std::min(size, std::max(by.bandwidth / a_burst, std::size_t{1}));
      if (by.limit_data != 0) size = std::min(size, by.limit_data - std::min(of.came, by.limit_data));
      const auto sent =
          size == 0 ? 0 : ::send(of.to.get(), first.bytes.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EAGAIN) return;
      if (sent < 0) return of.drop();  // what it has ended by is read there
      ++passed[which];
      came(of, static_cast<std::size_t>(sent), by);
      if (by.limit_data == 0 || of.came < by.limit_data) continue;
      of.to.close(by.reset_peer);
      of.drop();
      back.drop();
      end_of(back, wrong[1 - which]);
    }
  }
  static void came(way& of, std::size_t bytes, const toxics& by) {
    of.came += bytes;
    of.on_its_way -= bytes;
    auto& first = of.pieces.front();
    first.bytes.erase(0, bytes);
    if (first.bytes.empty()) of.pieces.pop_front();
    if (by.bandwidth == 0) return;
    const std::chrono::nanoseconds taken{std::chrono::seconds{1}};
    of.free = std::max(of.free, clock::now()) + taken * bytes / by.bandwidth;
  }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>{least, most}(random_);
  }

  std::uint16_t to_;
  int listens_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int wakes_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  bool is_over_ = false;
  std::mt19937 random_{1};
  std::list<connection> all_;
  std::thread runs_;
};

proxy::proxy(std::uint16_t to) : inside_{std::make_unique<inside>(to)} {}
proxy::~proxy() = default;

std::string proxy::address() const { return "127.0.0.1:" + std::to_string(inside_->port); }

int proxy::connections() const {
  const std::lock_guard lock{inside_->mutex};
  return inside_->count;
}

void proxy::set(stream which, const toxics& wrong) {
  inside_->change([&] { inside_->wrong.at(static_cast<std::size_t>(which)) = wrong; });
}

void proxy::cut() {
  inside_->change([this] { inside_->cut(); });
}

void proxy::enable(bool accepts) {
  inside_->change([&] { inside_->accepts = accepts; });
}

std::size_t proxy::passed(stream which) const {
  const std::lock_guard lock{inside_->mutex};
  return inside_->passed.at(static_cast<std::size_t>(which));
}

}  // namespace support
