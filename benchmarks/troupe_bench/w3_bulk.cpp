// W3: messages of 1 MiB one way, W3b: of 64 KiB; from the first send to the last receipt, the receiver reads a word of each
// page. As a vector that becomes a vector again, as one that the receiver only looks at, and in shared_buffers, of which
// a few go to and fro. The receiver's mailbox has room for eight.
#include <troupe/troupe.hpp>

#include "workloads.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace bench {

namespace {

using words = std::vector<std::uint64_t>;
constexpr std::size_t page = 4096 / sizeof(std::uint64_t);
constexpr std::uint64_t filling = 7;
constexpr std::size_t messages_under_way = 8, buffers_under_way = 8;

class receiver {
 public:
  void connect() {}
  void take(const words& message) { look_at(message); }
  void view(std::span<const std::uint64_t> message) { look_at(message); }
  troupe::shared_buffer pass(troupe::shared_buffer message) {
    look_at(message.as<std::uint64_t>());
    return message;
  }

  /// The sender's last: when it began. How many there were, and how long they took.
  std::pair<std::uint64_t, double> end(std::int64_t began) const {
    return {count_,
            std::chrono::duration<double>(clock::now() - clock::time_point{clock::duration{began}}).count()};
  }

 private:
  void look_at(std::span<const std::uint64_t> message) {
    check(message.front() == count_ && message.back() == count_, "messages are whole and in order");
    std::uint64_t sum = 0;
    for (std::size_t i = page; i < message.size(); i += page) sum += message[i];
    check(sum == filling * (message.size() / page - 1), "the payload is what was sent");
    ++count_;
  }

  std::uint64_t count_ = 0;
};

void stamp(std::span<std::uint64_t> message, std::uint64_t number) {
  message.front() = number;
  message.back() = number;
}

/// Calls `send(there, number)` until the amount is used up, and reports what has come.
template <class Send>
void stream(const std::string& workload, const std::string& metric, std::size_t bytes, const Send& send) {
  const auto much = choose({(std::uint64_t{4} << 30) / bytes, std::chrono::milliseconds{400}},
                           {(std::uint64_t{1} << 30) / bytes, std::chrono::milliseconds{200}});
  troupe::actor_system system;
  const auto there = system.spawn<receiver>({.mailbox_bytes = messages_under_way * bytes});
  there.ask<&receiver::connect>().get();
  const auto began = clock::now();
  std::uint64_t sent = 0;
  for (; sent < much.count && clock::now() - began < much.limit; ++sent) send(there, sent);
  const auto [count, seconds] = there.ask<&receiver::end>(began.time_since_epoch().count()).get();
  check(count == sent, "every message has arrived");
  report(workload, metric, static_cast<double>(count * bytes) / seconds / 1e9, "GB/s");
}

void of_size(const std::string& workload, std::size_t bytes) {
  words message(bytes / sizeof(std::uint64_t), filling);
  stream(workload, "bandwidth", bytes, [&](const auto& to, std::uint64_t number) {
    stamp(message, number);
    to.template tell<&receiver::take>(message);
  });
  stream(workload, "view", bytes, [&](const auto& to, std::uint64_t number) {
    stamp(message, number);
    to.template tell<&receiver::view>(message);
  });
  std::deque<troupe::future<troupe::shared_buffer>> under_way;
  stream(workload, "shared_buffer", bytes, [&](const auto& to, std::uint64_t number) {
    troupe::shared_buffer buffer;
    if (number < buffers_under_way) {
      buffer = troupe::shared_buffer{bytes};
    } else {
      buffer = under_way.front().get();
      under_way.pop_front();
    }
    stamp(message, number);
    std::ranges::copy(message, buffer.as<std::uint64_t>().begin());
    under_way.push_back(to.template ask<&receiver::pass>(std::move(buffer)));
  });
}

}  // namespace

void bulk_large() { of_size("W3", std::size_t{1} << 20); }
void bulk_medium() { of_size("W3b", std::size_t{64} << 10); }

}  // namespace bench
