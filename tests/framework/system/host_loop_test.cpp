// A host with an event loop of its own, in one thread: answers complete on it.
#include <troupe/troupe.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

class worker {
 public:
  int square(int value) const { return value * value; }
  int crash(int) {
    ::raise(SIGKILL);
    return 0;
  }
};

/// A request at a time for each of some clients, on one loop: what a service does.
class service {
 public:
  service(boost::asio::io_context& loop, std::vector<troupe::actor<worker>> workers, int requests)
      : loop_{loop}, workers_{std::move(workers)}, left_{requests} {}

  void begin(std::size_t client) {
    if (left_ == 0) return;
    const int number = left_--;
    const auto& whom = workers_[client];
    auto answer = number == 250 ? whom.ask<&worker::crash>(number) : whom.ask<&worker::square>(number);
    answer.then([this](auto run) { boost::asio::post(loop_, std::move(run)); },
                [this, client, number](troupe::future<int> ready) { finish(client, number, ready); });
  }
  void finish(std::size_t client, int number, troupe::future<int>& ready) {
    on_own_thread_ = on_own_thread_ && std::this_thread::get_id() == thread_;
    try {
      right_ += ready.get() == number * number ? 1 : 0;
    } catch (const troupe::actor_down&) {
      ++down_;
      return;  // this client's worker is gone
    }
    begin(client);
  }

  int right_ = 0;
  int down_ = 0;
  bool on_own_thread_ = true;

 private:
  boost::asio::io_context& loop_;
  std::vector<troupe::actor<worker>> workers_;
  int left_;
  std::thread::id thread_ = std::this_thread::get_id();
};

}  // namespace

TEST_CASE("answers complete on the host's own event loop, a death among them") {
  boost::asio::io_context loop{1};  // outlives the system, whose thread may still be within post()
  troupe::actor_system system;
  std::vector<troupe::actor<worker>> workers;
  for (int i = 0; i < 5; ++i) workers.push_back(system.spawn<worker>());
  service all{loop, workers, 500};
  for (std::size_t client = 0; client < 5; ++client) all.begin(client);
  const auto work =
      boost::asio::make_work_guard(loop);  // the library's callbacks are no work that the loop knows of
  while (all.right_ + all.down_ < 500) loop.run_one_for(30s);
  CHECK(all.right_ == 499);
  CHECK(all.down_ == 1);
  CHECK(all.on_own_thread_);
}

TEST_CASE("a loop that is not run does not hold up the system") {
  boost::asio::io_context loop{1};
  int came = 0;
  {
    troupe::actor_system system;
    const auto one = system.spawn<worker>();
    for (int i = 0; i < 200; ++i) {
      one.ask<&worker::square>(i).then([&](auto run) { boost::asio::post(loop, std::move(run)); },
                                       [&](troupe::future<int> ready) {
                                         CHECK(ready.ready());
                                         ++came;
                                       });
    }
    CHECK(one.ask<&worker::square>(3).get() == 9);
  }
  loop.run();  // after the system's end: the answers are kept
  CHECK(came == 200);
}
