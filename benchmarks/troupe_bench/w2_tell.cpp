// W2: 64-byte tells one way, from the sender's first send to the receiver's last message.
#include <troupe/troupe.hpp>

#include "workloads.hpp"

namespace bench {

namespace {

class receiver {
 public:
  void connect() {}

  void take(const payload& message) {
    check(message.number == count_ && message.rest.back() == count_, "messages are whole and in order");
    ++count_;
  }

  /// The sender's last: when it began.
  void end(std::int64_t began) {
    seconds_ =
        std::chrono::duration<double>(clock::now() - clock::time_point{clock::duration{began}}).count();
  }

  struct result {
    std::uint64_t count;
    double seconds;
  };
  result seen() const { return {count_, seconds_}; }

 private:
  std::uint64_t count_ = 0;
  double seconds_ = 0;
};

}  // namespace

void tell_stream() {
  const auto much = choose({2'000'000, std::chrono::seconds{3}}, {300'000, std::chrono::milliseconds{400}});
  troupe::actor_system system;
  const auto there = system.spawn<receiver>();
  there.ask<&receiver::connect>().get();

  const auto began = clock::now();
  std::uint64_t sent = 0;
  payload message;
  for (; sent < much.count && (sent % 64 != 0 || clock::now() - began < much.limit); ++sent) {
    message.number = sent;
    message.rest.back() = sent;
    there.tell<&receiver::take>(message);
  }
  there.tell<&receiver::end>(began.time_since_epoch().count());

  const auto seen = there.ask<&receiver::seen>().get();
  check(seen.count == sent, "every message has arrived");
  report("W2", "rate", static_cast<double>(seen.count) / seen.seconds, "msg/s");
}

}  // namespace bench
