// Machines that are full: of descriptors, of processes, of memory. What could not be done says so; a witness who has nothing
// to do with it answers before and after.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/program.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <functional>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

class witness {
 public:
  int echo(int value) { return value; }
  std::vector<char> make(std::size_t size) { return std::vector<char>(size, 'm'); }
  std::size_t take(const std::vector<char>& block) { return block.size(); }
  troupe::shared_array<int> share() { return troupe::shared_array<int>{3}; }
};

/// More shared memory than one descriptor is enough for.
using shared_arrays = std::vector<troupe::shared_array<int>>;

/// Takes all of its process's descriptors but `left`, and gives them back when it is told.
class hoarder {
 public:
  explicit hoarder(rlim_t limit = 256) {
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    now.rlim_cur = std::min(now.rlim_cur, limit);  // few enough to use up
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~hoarder() { release(); }
  void take(int left) {
    for (int number = 0; number >= 0;) {
      number = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      if (number >= 0) taken_.push_back(number);
    }
    for (; left > 0 && !taken_.empty(); --left) {
      ::close(taken_.back());
      taken_.pop_back();
    }
  }
  void release() {
    for (const int number : taken_) ::close(number);
    taken_.clear();
  }
  int echo(int value) { return value; }
  std::size_t size_of_buffer(const troupe::shared_buffer& buffer) { return buffer.size(); }
  std::size_t count_of(const shared_arrays& all) { return all.size(); }
  int fetch_shared(const troupe::actor<witness>& from) { return from.ask<&witness::share>().get()[0]; }
  std::size_t size_of(const std::vector<char>& block) { return block.size(); }
  int ask(const troupe::actor<witness>& whom) { return whom.ask<&witness::echo>(1).get(); }
  std::size_t fetch(const troupe::actor<witness>& from, std::size_t size) {
    return from.ask<&witness::make>(size).get().size();
  }
  std::string spawn() {
    try {
      const auto made = troupe::this_actor::system().spawn<witness>();
      return std::to_string(made.ask<&witness::echo>(5).get());
    } catch (const troupe::start_failed& problem) {
      return problem.stage();
    }
  }

 private:
  std::vector<int> taken_;
};

void call_once(troupe::actor<hoarder> whom) { (void)whom.ask<&hoarder::echo>(1).get(); }

/// The calling process's own limit, for as long as this lives.
class limited {
 public:
  limited(__rlimit_resource which, rlim_t to) : which_{which} {
    ::getrlimit(which, &before_);
    rlimit now = before_;
    now.rlim_cur = std::min(to, before_.rlim_max);
    ::setrlimit(which, &now);
  }
  ~limited() { ::setrlimit(which_, &before_); }

 private:
  __rlimit_resource which_;
  rlimit before_{};
};

/// The stage at which a start failed; empty where it did not.
std::string stage_of(const std::function<void()>& start) {
  try {
    start();
  } catch (const troupe::start_failed& problem) {
    INFO(problem.what());
    return problem.stage();
  }
  return "";
}

// UndefinedBehaviorSanitizer looks at an object's memory by way of a pipe, and takes it for bad where there is none.
bool may_run_out_of_descriptors() {
#if defined(__SANITIZE_ADDRESS__)
  WARN("not run: the sanitizer's own checks need descriptors");
  return false;
#else
  return true;
#endif
}

}  // namespace

TEST_CASE("a host without descriptors is told so, and goes on when it has some again") {
  if (!may_run_out_of_descriptors()) return;
  troupe::actor_system system;
  const auto friendly = system.spawn<witness>();
  const auto other = system.spawn<witness>();
  REQUIRE(friendly.ask<&witness::echo>(1).get() == 1);
  REQUIRE(other.ask<&witness::echo>(1).get() == 1);
  {
    hoarder mine;  // in this process
    limited few{RLIMIT_NOFILE, 256};
    mine.take(0);
    CHECK(friendly.ask<&witness::echo>(2).get() == 2);  // what is there works
    CHECK(stage_of([&] { (void)system.spawn<witness>(); }) == "descriptors and memory");
    CHECK_THROWS_AS(friendly.ask<&witness::take>(std::vector<char>(400'000)).get(), std::system_error);
    auto large = friendly.ask<&witness::make>(std::size_t{400'000});
    CHECK_THROWS_AS(large.get(), std::system_error);    // the answer came, and found no room
    CHECK(friendly.ask<&witness::echo>(3).get() == 3);  // the connection lives
    mine.take(2);
    CHECK(stage_of([&] { (void)system.spawn<witness>(); }) == "descriptors and memory");
    other.kill();
    CHECK(other.join().code == SIGKILL);  // news of ends need none
  }
  CHECK(friendly.ask<&witness::make>(std::size_t{400'000}).get().size() == 400'000);
  CHECK(system.spawn<witness>().ask<&witness::echo>(4).get() == 4);
  CHECK(system.stop().killed.empty());
}

TEST_CASE("an actor without descriptors is told so, and goes on when it has some again") {
  if (!may_run_out_of_descriptors()) return;
  troupe::actor_system system;
  const auto friendly = system.spawn<witness>();
  const auto full = system.spawn<hoarder>();
  full.ask<&hoarder::take>(0).get();
  CHECK(full.ask<&hoarder::echo>(1).get() == 1);
  CHECK_THROWS_AS(full.ask<&hoarder::size_of>(std::vector<char>(400'000)).get(), troupe::refused_message);
  CHECK_THROWS_AS(full.ask<&hoarder::ask>(friendly).get(), troupe::remote_exception);
  CHECK(full.ask<&hoarder::spawn>().get() == "descriptors and memory");
  CHECK(full.ask<&hoarder::echo>(2).get() == 2);
  CHECK(friendly.ask<&witness::echo>(2).get() == 2);
  full.ask<&hoarder::release>().get();
  CHECK(full.ask<&hoarder::size_of>(std::vector<char>(400'000)).get() == 400'000);
  CHECK(full.ask<&hoarder::ask>(friendly).get() == 1);
  CHECK(full.ask<&hoarder::spawn>().get() == "5");
}

TEST_CASE("shared memory that an actor has no descriptors for is refused, and nothing of it is kept") {
  if (!may_run_out_of_descriptors()) return;
  troupe::actor_system system;
  const auto friendly = system.spawn<witness>();
  const auto full = system.spawn<hoarder>();
  CHECK(full.ask<&hoarder::fetch_shared>(friendly).get() == 0);
  CHECK(full.ask<&hoarder::size_of_buffer>(troupe::shared_buffer{10}).get() == 10);
  const auto open = [&] { return support::open_descriptors_of(full.pid()); };
  const auto guardian = support::descendant_called("troupe-guardian", ::getpid());
  const auto in_guardian = support::open_descriptors_of(guardian).size();
  for (const int left : {0, 2}) {
    CAPTURE(left);
    full.ask<&hoarder::take>(left).get();
    const auto before = open();
    for (int round = 0; round < 20; ++round) {
      // Of these five the kernel hands over as many as there is room for.
      shared_arrays five;
      for (int n = 0; n < 5; ++n) five.emplace_back(std::size_t{2});
      CHECK_THROWS_AS(full.ask<&hoarder::count_of>(five).get(), troupe::refused_message);
      if (left == 0)
        CHECK_THROWS_AS(full.ask<&hoarder::size_of_buffer>(troupe::shared_buffer{10}).get(),
                        troupe::refused_message);
      if (left == 0) CHECK_THROWS_AS(full.ask<&hoarder::fetch_shared>(friendly).get(), std::system_error);
      CHECK(full.ask<&hoarder::echo>(round).get() == round);
    }
    CHECK(open() == before);
    full.ask<&hoarder::release>().get();
    CHECK(full.ask<&hoarder::count_of>(shared_arrays{troupe::shared_array<int>{2}}).get() == 1);
    CHECK(full.ask<&hoarder::size_of_buffer>(troupe::shared_buffer{10}).get() == 10);
    CHECK(full.ask<&hoarder::fetch_shared>(friendly).get() == 0);
  }
  CHECK(support::open_descriptors_of(guardian).size() == in_guardian);
}

TEST_CASE("who connects to an actor without descriptors is told of its end, which says why") {
  if (!may_run_out_of_descriptors()) return;
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto friendly = system.spawn<witness>();
  const auto full = system.spawn<hoarder>();
  full.ask<&hoarder::take>(0).get();
  const auto status = system.spawn<call_once>(full).join();
  CHECK(status.exception_type == "troupe::actor_down");
  const auto end = full.join();
  CHECK(end.exception_type == "troupe::start_failed");
  CHECK_THAT(end.exception_text, Catch::Contains("ulimit -n"));
  CHECK(friendly.ask<&witness::echo>(1).get() == 1);
}

TEST_CASE("a guardian without descriptors refuses starts, one by one, and serves on") {
  troupe::actor_system system;
  const auto friendly = system.spawn<witness>();
  const rlimit few{64, 64};
  REQUIRE(::prlimit(support::descendant_called("troupe-guardian", ::getpid()), RLIMIT_NOFILE, &few,
                    nullptr) == 0);
  std::vector<troupe::actor<witness>> all;
  std::string stage;
  while (all.size() < 100 && stage.empty()) {
    stage = stage_of([&] { all.push_back(system.spawn<witness>()); });
  }
  CHECK(stage == "descriptors and memory");
  CHECK(all.size() >= 3);
  for (int round = 0; round < 20; ++round) {
    CHECK(stage_of([&] { (void)system.spawn<witness>(); }) == "descriptors and memory");
    const std::vector<char> large(400'000);
    CHECK(friendly.ask<&witness::take>(large).get() == large.size());  // the guardian is not asked
  }
  for (const auto& each : all) CHECK(each.ask<&witness::echo>(7).get() == 7);
  // What ends makes room.
  for (const auto& each : all) each.stop();
  for (const auto& each : all) CHECK(each.join().ok());
  CHECK(system.spawn<witness>().ask<&witness::echo>(8).get() == 8);
  CHECK(system.stop().killed.empty());
}

TEST_CASE("the guardian has the descriptors that the hard limit allows, and actors those of the host") {
  troupe::actor_system system;
  const auto here = system.spawn<witness>();
  const auto limit_of = [](pid_t pid) {
    rlimit limit{};
    REQUIRE(::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) == 0);
    return limit;
  };
  const auto own = limit_of(::getpid());
  const auto guardian = support::descendant_called("troupe-guardian", ::getpid());
  CHECK(limit_of(guardian).rlim_cur == own.rlim_max);
  CHECK(limit_of(here.pid()).rlim_cur == own.rlim_cur);
  CHECK(limit_of(system.spawn<witness>({.start = troupe::start_method::spawn}).pid()).rlim_cur ==
        own.rlim_cur);
  // Also where the zygote is one that the guardian has forked since.
  const auto zygote = support::descendant_called("troupe-zygote", guardian);
  REQUIRE(::kill(zygote, SIGKILL) == 0);
  REQUIRE(support::wait_until_ended(zygote));
  CHECK(limit_of(system.spawn<witness>().pid()).rlim_cur == own.rlim_cur);
}

TEST_CASE("constructor arguments for which the host has no memory are refused, and cost nothing") {
  troupe::actor_system system;
  const auto friendly = system.spawn<witness>();
  REQUIRE(friendly.ask<&witness::echo>(1).get() == 1);
  {
    limited small{RLIMIT_FSIZE, 1 << 20};  // of a memfd as of any file
    struct sigaction ignore {};
    struct sigaction before {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGXFSZ, &ignore, &before);
    CHECK_THROWS_AS(friendly.ask<&witness::take>(std::vector<char>(5 << 20)).get(), std::system_error);
    ::sigaction(SIGXFSZ, &before, nullptr);
  }
  CHECK(friendly.ask<&witness::take>(std::vector<char>(5 << 20)).get() == std::size_t{5} << 20);
}

namespace {

/// An actor that may have little memory of its own.
class poor {
 public:
  explicit poor(std::size_t more) {
    // What it has by now, and `more`.
    rlimit limit{};
    ::getrlimit(RLIMIT_DATA, &limit);
    limit.rlim_cur = support::data_bytes_of(::getpid()) + more;
    ::setrlimit(RLIMIT_DATA, &limit);
  }
  std::size_t size_of(const std::vector<char>& block) { return block.size(); }
  int echo(int value) { return value; }
};

bool memory_is_counted() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;  // the sanitizers' own memory counts as well
#else
  return true;
#endif
}

}  // namespace

TEST_CASE("an actor that is too poor for a message refuses it, and lives on") {
  if (!memory_is_counted()) return;
  troupe::actor_system system;
  const auto actor = system.spawn<poor>(std::size_t{16} << 20);
  CHECK(actor.ask<&poor::echo>(1).get() == 1);
  CHECK_THROWS_AS(actor.ask<&poor::size_of>(std::vector<char>(50 << 20)).get(), troupe::refused_message);
  CHECK(actor.ask<&poor::size_of>(std::vector<char>(5 << 20)).get() == std::size_t{5} << 20);
  CHECK(actor.ask<&poor::echo>(2).get() == 2);
}

TEST_CASE("where no more processes can be started, starts are refused, and everything else goes on") {
  // Only a user who is not root has that limit: a driver becomes one.
  support::program driver{FULL_DRIVER_PATH, {}};
  const auto first = driver.line();
  if (first == "not run") {
    WARN("not run: this user cannot become another, and is root");
    driver.wait();
    return;
  }
  CHECK(first == "witness 1");
  CHECK(driver.line() == "refused at fork");
  CHECK(driver.line() == "witness 2");
  CHECK(driver.line() == "zygote killed: refused at fork");
  CHECK(driver.line() == "witness 3");
  CHECK(driver.line() == "started again");
  CHECK(driver.line() == "killed at the end: 0");
  CHECK(driver.wait().code == 0);
}
