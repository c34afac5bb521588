// Sender and receiver race for the same bytes, millions of times: each goes one way only, in order, and nobody is left
// waiting for the other.
#include "framework/channel/ends.hpp"
#include "support/processes.hpp"

#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace ends;

namespace {

constexpr std::uint64_t many = 2'000'000;
constexpr std::uint64_t fewer = 300'000;

/// With `hesitation` it sends at every moment of the receiver's falling asleep.
void send_all(ch::channel& over, std::uint64_t count, bool hesitation) {
  std::minstd_rand random{1};
  const std::tuple<std::uint64_t> value{0};
  const auto body = troupe::detail::body_of(value);
  for (std::uint64_t i = 0; i < count; ++i) {
    while (!over.append({troupe::wire::frame_kind::tell, i, 0}, body)) {
      over.want_room();
      if (over.append({troupe::wire::frame_kind::tell, i, 0}, body)) break;
      platform::wait_readable({over.socket()}, platform::never);
      over.pump([](ch::message&&) {});
    }
    over.publish();
    over.push();
    if (!hesitation) continue;
    for (volatile std::uint64_t left = random() % 2000; left != 0;) left = left - 1;
  }
}

/// As an actor receives: looks, and sleeps where there is nothing. The number that came in order.
std::uint64_t receive_all(ch::page& own, ch::channel& over, std::uint64_t count) {
  std::uint64_t next = 0;
  while (next < count) {
    ch::progress done;
    const bool any = over.pump([&](ch::message&& one) {
      if (one.frame.header.method == next) ++next;
      done = {one.frame.header.sequence, one.end};
    });
    if (done.sequence != 0) {
      over.publish_finished(done);
      over.offer_room();
    }
    if (any) continue;
    own.set_idle(true);
    if (!over.has_more() &&
        !platform::wait_readable({over.socket()}, platform::deadline_after(std::chrono::seconds{20})))
      return next;
    own.set_idle(false);
  }
  return next;
}

}  // namespace

TEST_CASE("millions of messages race from one thread to another") {
  const bool hesitation = GENERATE(false, true);
  const auto count = hesitation ? fewer : many;
  pair p{128 * 1024, 2000};
  std::thread sender{[&] { send_all(p.a, count, hesitation); }};
  const auto came = receive_all(p.own_b, p.b, count);
  CHECK(came == count);
  if (came != count) platform::shut_down(p.b.socket());
  sender.join();
}

TEST_CASE("millions of messages race from one process to another") {
  const bool hesitation = GENERATE(false, true);
  const auto count = hesitation ? fewer : many;
  parts memory{1 << 20, 16384};
  const auto sender = ::fork();
  if (sender == 0) {
    ch::page own{memory.page_a};
    ch::channel a{own, memory.for_a()};
    send_all(a, count, hesitation);
    ::_exit(0);
  }
  ch::page own{memory.page_b};
  ch::channel b{own, memory.for_b()};
  CHECK(receive_all(own, b, count) == count);
  CHECK(support::wait_until_ended(sender, std::chrono::seconds{20}));
  ::waitpid(sender, nullptr, 0);
}
