#include "crew.hpp"

#include <troupe/troupe.hpp>

#include "evaluator.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <deque>
#include <exception>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::size_t deaths_kept = 100;

struct job {
  std::string text;
  std::function<void(reply)> done;
};

struct worker {
  explicit worker(asio::io_context& loop) : deadline{loop} {}
  troupe::actor<evaluator> handle;
  int pid = 0;
  asio::steady_timer deadline;
  std::optional<job> doing;
  std::string last_words = "nothing";  // what it was doing when it died, for `health`
  bool usable = true;                  // false once it is known to be dead, or is being killed
};

struct death {
  std::string name;
  int pid = 0;
  std::string why;
  std::string during;
};

reply error(unsigned status, const std::string& what, const std::string& why) {
  return {status, json::serialize(json::object{{"error", what}, {"why", why}})};
}

// What a worker's answer is to the client. `actor_down` goes on to the caller: then there is no answer.
reply reply_with(troupe::future<std::int64_t>& answer) {
  try {
    return {200, json::serialize(json::object{{"value", answer.get()}})};
  } catch (const troupe::actor_down&) {
    throw;
  } catch (const std::invalid_argument& problem) {  // the worker threw it, and lives on
    return error(400, "no sense", problem.what());
  } catch (const std::length_error&) {
    return error(400, "no sense", "no vector is that long");
  } catch (const std::bad_alloc&) {
    return error(503, "memory", "the worker had not as much memory");
  } catch (const std::exception& problem) {
    return error(500, "failed", problem.what());
  }
}

}  // namespace

class crew::state : public std::enable_shared_from_this<state> {
 public:
  state(asio::io_context& loop, troupe::actor_system& system, const crew_options& options)
      : loop_{loop}, system_{system}, options_{options}, again_{loop} {}

  void begin() {
    while (workers_.size() < options_.workers) hire();
  }

  void evaluate(job wanted) {
    if (waiting_.size() >= options_.waiting) {
      wanted.done(error(503, "busy", "too many requests wait already"));
      return;
    }
    waiting_.push_back(std::move(wanted));
    go_on();
  }

  void close() {
    closing_ = true;
    if (waiting_.empty()) again_.cancel();
  }

  [[nodiscard]] json::object health() const {
    json::array deaths;
    for (const auto& each : deaths_)
      deaths.push_back(
          {{"worker", each.name}, {"pid", each.pid}, {"why", each.why}, {"during", each.during}});
    json::array pids;
    for (const auto& each : workers_) pids.push_back(each->pid);
    const auto busy = std::count_if(workers_.begin(), workers_.end(),
                                    [](const auto& each) { return each->doing.has_value(); });
    return {{"pids", pids},          {"busy", busy},  {"waiting", waiting_.size()},
            {"answered", answered_}, {"died", died_}, {"deaths", deaths}};
  }

 private:
  using worker_ptr = std::shared_ptr<worker>;

  void hire() {
    const auto made = std::make_shared<worker>(loop_);
    made->handle =
        system_.spawn<evaluator>(troupe::spawn_options{.name = "evaluator-" + std::to_string(++hired_)});
    made->pid = made->handle.pid();
    // On the system's background thread: only hands the news to the loop.
    made->handle.on_down([self = weak_from_this(), &loop = loop_,
                          dead = std::weak_ptr{made}](const troupe::exit_status& status) {
      asio::post(loop, [self, dead, why = to_string(status)] {
        if (const auto alive = self.lock()) alive->bury(dead.lock(), why);
      });
    });
    workers_.push_back(made);
  }

  // In place of one that died. A machine that has no room for a process now may have some later.
  void replace() {
    try {
      begin();
    } catch (const troupe::start_failed&) {
      again_.expires_after(std::chrono::seconds{1});
      again_.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
        if (!stopped) self->replace();
      });
    }
    go_on();
  }

  void bury(const worker_ptr& dead, const std::string& why) {
    dead->usable = false;
    ++died_;
    deaths_.push_back({dead->handle.name(), dead->pid, why, dead->last_words});
    if (deaths_.size() > deaths_kept) deaths_.pop_front();
    std::erase(workers_, dead);
    if (!closing_ || !waiting_.empty()) replace();
  }

  // Gives what waits to whoever is free.
  void go_on() {
    for (const auto& each : workers_) {
      if (waiting_.empty()) return;
      if (!each->usable || each->doing) continue;
      each->doing = std::move(waiting_.front());
      waiting_.pop_front();
      start(each);
    }
  }

  void start(const worker_ptr& with) {
    with->last_words = "a request";
    with->deadline.expires_after(options_.deadline);
    with->deadline.async_wait([self = shared_from_this(), with](boost::system::error_code stopped) {
      if (!stopped) self->give_up(with);
    });
    try {
      with->handle.ask<&evaluator::evaluate>(with->doing->text)
          .then([&loop = loop_](auto run) { asio::post(loop, std::move(run)); },
                [self = weak_from_this(), with](troupe::future<std::int64_t> answer) {
                  if (const auto alive = self.lock()) alive->settle(with, std::move(answer));
                });
    } catch (const troupe::actor_down& down) {
      lose(with, down);
    }
  }

  void settle(const worker_ptr& with, troupe::future<std::int64_t> answer) {
    if (!with->doing) return;  // it was late, and its client has been told
    try {
      auto result = reply_with(answer);
      with->last_words = "nothing";
      finish(with, std::move(result));
      go_on();
    } catch (const troupe::actor_down& down) {
      lose(with, down);
    }
  }

  // The worker died. What it had not begun is another's; what it was doing may have killed it, and kills no second one.
  void lose(const worker_ptr& with, const troupe::actor_down& down) {
    with->usable = false;
    if (down.fate() == troupe::call_fate::died_running) {
      finish(with, error(503, "crashed", to_string(down.status())));
      return;
    }
    with->deadline.cancel();
    with->last_words = "nothing";
    waiting_.push_front(*std::exchange(with->doing, std::nullopt));
    go_on();
  }

  void give_up(const worker_ptr& with) {
    if (!with->doing) return;
    with->usable = false;
    with->last_words = "a request that was late";
    with->handle.kill();
    finish(with, error(504, "late",
                       "no answer in " + std::to_string(options_.deadline.count()) +
                           " ms; the worker that had it was killed"));
  }

  void finish(const worker_ptr& with, reply result) {
    with->deadline.cancel();
    ++answered_;
    std::exchange(with->doing, std::nullopt)->done(std::move(result));
  }

  asio::io_context& loop_;
  troupe::actor_system& system_;
  crew_options options_;
  asio::steady_timer again_;
  std::vector<worker_ptr> workers_;
  std::deque<job> waiting_;
  std::deque<death> deaths_;
  bool closing_ = false;
  std::uint64_t hired_ = 0, died_ = 0, answered_ = 0;
};

crew::crew(asio::io_context& loop, troupe::actor_system& system, const crew_options& options)
    : state_{std::make_shared<state>(loop, system, options)} {
  state_->begin();
}

crew::~crew() = default;

void crew::evaluate(std::string text, std::function<void(reply)> done) {
  state_->evaluate({std::move(text), std::move(done)});
}

void crew::close() { state_->close(); }

reply crew::health() const { return {200, json::serialize(state_->health())}; }
