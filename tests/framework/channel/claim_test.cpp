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

/// How the two meet.
enum class manner {
  steady,    ///< the sender is always ahead
  hesitant,  ///< it sends at every moment of the receiver's falling asleep
  alert,  ///< the receiver is taken to be asleep and looks all the time, as a host with several threads does
};

struct race {
  manner how;
  std::uint64_t count;
};
struct race_on_a_lane {
  race run;
  troupe::lane way;
};
const std::initializer_list<race_on_a_lane> races = {{{manner::steady, 2'000'000}, troupe::lane::automatic},
                                                     {{manner::hesitant, 60'000}, troupe::lane::automatic},
                                                     {{manner::alert, 500'000}, troupe::lane::automatic},
                                                     {{manner::steady, 1'000'000}, troupe::lane::ring},
                                                     {{manner::hesitant, 60'000}, troupe::lane::ring},
                                                     {{manner::alert, 500'000}, troupe::lane::ring},
                                                     {{manner::steady, 300'000}, troupe::lane::socket},
                                                     {{manner::hesitant, 60'000}, troupe::lane::socket},
                                                     {{manner::alert, 200'000}, troupe::lane::socket}};

void send_all(ch::channel& over, race run) {
  std::minstd_rand random{1};
  const std::tuple<std::uint64_t> value{0};
  const auto body = troupe::detail::body_of(value);
  for (std::uint64_t i = 0; i < run.count; ++i) {
    while (!over.append({troupe::wire::frame_kind::tell, i, 0}, body)) {
      over.want_room();
      if (over.append({troupe::wire::frame_kind::tell, i, 0}, body)) break;
      platform::wait_readable({over.socket()}, platform::never);
      over.pump([](ch::message&&) {});
      if (over.closed()) return;
    }
    over.publish();
    over.push();
    const auto longest = run.how == manner::hesitant ? 30'000U : run.how == manner::alert ? 500U : 1U;
    for (volatile std::uint64_t left = random() % longest; left != 0;) left = left - 1;
  }
}

/// Receives, and sleeps where there is nothing. The number of messages that came in order.
std::uint64_t receive_all(ch::page& own, ch::channel& over, race run) {
  std::uint64_t next = 0;
  own.set_idle(run.how == manner::alert);
  while (next < run.count) {
    ch::progress done;
    const bool any = over.pump([&](ch::message&& one) {
      if (one.frame.header.method == next) ++next;
      done = {one.frame.header.sequence, one.end};
    });
    if (done.sequence != 0) {
      over.publish_finished(done);
      over.offer_room();
    }
    if (any || run.how == manner::alert) continue;
    own.set_idle(true);
    if (!over.has_more() &&
        !platform::wait_readable({over.socket()}, platform::deadline_after(std::chrono::seconds{20})))
      return next;
    own.set_idle(false);
  }
  return next;
}

std::string outcome(ch::page& own, ch::channel& over, race run) try {
  const auto came = receive_all(own, over, run);
  return came == run.count ? "all came" : "number " + std::to_string(came) + " did not come in its turn";
} catch (const std::exception& problem) {
  return problem.what();
}

}  // namespace

TEST_CASE("millions of messages race from one thread to another") {
  const auto [run, way] = GENERATE(values(races));
  pair p{128 * 1024, 2000, way};
  std::thread sender{[&] { send_all(p.a, run); }};
  CHECK(outcome(p.own_b, p.b, run) == "all came");
  platform::shut_down(p.b.socket());  // so that the sender ends in any case
  sender.join();
}

TEST_CASE("millions of messages race from one process to another") {
  const auto [run, way] = GENERATE(values(races));
  parts memory{1 << 20, 16384, way};
  const auto sender = ::fork();
  if (sender == 0) {
    ch::page own{memory.page_a};
    ch::channel a{own, memory.for_a()};
    send_all(a, run);
    ::_exit(0);
  }
  ch::page own{memory.page_b};
  ch::channel b{own, memory.for_b()};
  CHECK(outcome(own, b, run) == "all came");
  platform::shut_down(b.socket());
  CHECK(support::wait_until_ended(sender));
  ::waitpid(sender, nullptr, 0);
}
