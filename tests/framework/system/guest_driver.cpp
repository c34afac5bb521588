// A host with habits of its own: what is run by name is its first argument.
#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include "support/scaled.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <numeric>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

class echo {
 public:
  int say(int value) { return value; }
  void print(const std::string& text) { std::printf("%s\n", text.c_str()); }
  std::vector<char> make(std::size_t size) { return std::vector<char>(size); }
  void die() { ::raise(SIGKILL); }
};

int twice_unless_killed(int n) {
  if (n == 30 && troupe::pool::attempt() == 1) ::raise(SIGKILL);
  return 2 * n;
}

bool pool_works(troupe::actor_system& system) {
  troupe::pool pool{system, {.workers = 2}};
  std::vector<int> numbers(100);
  std::iota(numbers.begin(), numbers.end(), 0);
  const auto doubled = pool.map<twice_unless_killed>(numbers);
  return std::all_of(numbers.begin(), numbers.end(),
                     [&](int n) { return doubled[static_cast<std::size_t>(n)] == 2 * n; });
}

/// Everything that a program uses, three times; false where something is wrong.
bool works() {
  for (int round = 0; round < 3; ++round) {
    troupe::actor_system system;
    const auto one = system.spawn<echo>();
    const auto two = system.spawn<echo>();
    if (one.ask<&echo::say>(round).get() != round) return false;
    if (two.ask<&echo::make>(std::size_t{1} << 20).get().size() != 1U << 20) return false;
    one.tell<&echo::print>("printed");
    two.tell<&echo::die>();
    if (two.join().code != SIGKILL) return false;
    if (one.ask<&echo::say>(7).get() != 7) return false;
    if (!pool_works(system)) return false;
    if (!system.stop().killed.empty()) return false;
  }
  return true;
}

int say(const std::string& where, bool well) {
  std::ofstream{where} << (well ? "well" : "wrong");
  return well ? 0 : 1;
}

/// Standard streams closed: what the host opens next gets their numbers, and nothing of the library's may.
bool with_streams_closed(const std::vector<int>& which) {
  for (const int number : which) ::close(number);
  if (!works()) return false;
  troupe::actor_system system;
  const auto actor = system.spawn<echo>();
  if (actor.ask<&echo::say>(1).get() != 1) return false;
  for (const int number : which) {
    if (::fcntl(number, F_GETFD) != -1) return false;  // nothing of ours took its place
  }
  return true;
}

std::atomic<int> pipes_seen{0};
void on_pipe(int) { ++pipes_seen; }

/// The host's own handler sees the host's own broken pipes, and none of the library's.
bool with_pipe_handler() {
  struct sigaction mine {};
  mine.sa_handler = on_pipe;
  ::sigaction(SIGPIPE, &mine, nullptr);
  {
    troupe::actor_system system;
    const auto actor = system.spawn<echo>();
    for (int i = 0; i < 1000; ++i) actor.tell<&echo::say>(i);
    actor.kill();
    try {
      for (;;) actor.tell<&echo::say>(1);
    } catch (const troupe::actor_down&) {
    }
  }
  if (!works() || pipes_seen != 0) return false;
  int ends[2] = {};
  if (::pipe(ends) != 0) return false;
  ::close(ends[0]);
  const auto written = ::write(ends[1], "x", 1);
  ::close(ends[1]);
  struct sigaction now {};
  ::sigaction(SIGPIPE, nullptr, &now);
  return written == -1 && pipes_seen == 1 && now.sa_handler == on_pipe;
}

/// A supervisor's loop in a thread of the host: it may reap anything, the guardian included.
bool with_reaper() {
  std::atomic<bool> done = false;
  std::atomic<int> own = 0;
  std::thread reaper{[&] {
    while (!done) {
      int status = 0;
      if (::waitpid(-1, &status, 0) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 77) ++own;
    }
  }};
  bool well = true;
  for (int i = 0; i < 5; ++i) {
    if (::vfork() == 0) ::_exit(77);
    well = well && works();
  }
  while (own < 5) std::this_thread::yield();
  done = true;
  if (::vfork() == 0) ::_exit(0);  // so that the loop looks again
  reaper.join();
  return well;
}

/// 64 threads that are always in the middle of malloc or printf: fewer where those take longer.
bool with_busy_threads() {
  std::atomic<bool> done = false;
  std::vector<std::thread> busy;
  std::FILE* const sink = std::fopen("/dev/null", "w");
  for (int i = 0; i < support::scaled(64); ++i) {
    busy.emplace_back([&, i] {
      std::vector<std::string> kept;
      for (unsigned n = 0; !done; ++n) {
        kept.emplace_back(n % 977, 'x');
        if (kept.size() > 50) kept.clear();
        std::fprintf(sink, "thread %d, %u\n", i, n);
      }
    });
  }
  bool well = works();
  {
    troupe::actor_system system;
    for (int i = 0; i < support::scaled(200) && well; ++i) {
      const auto one = system.spawn<echo>();
      well = one.ask<&echo::say>(i).get() == i;
      one.stop();
      well = one.join().ok() && well;
    }
  }
  done = true;
  for (auto& one : busy) one.join();
  std::fclose(sink);
  return well;
}

/// What a thread has started outlives it: actors are the guardian's children, not a thread's.
bool with_a_thread_that_ends() {
  troupe::actor_system system;
  troupe::actor<echo> made;
  std::thread{[&] { made = system.spawn<echo>(); }}.join();
  for (int i = 0; i < 100; ++i) {
    if (made.ask<&echo::say>(i).get() != i) return false;
    std::thread{[] {}}.join();
  }
  std::thread{[&] { (void)made.ask<&echo::say>(1).get(); }}.join();
  return made.is_alive();
}

bool run(std::string_view what) {
  if (what == "sigchld ignored") {
    ::signal(SIGCHLD, SIG_IGN);
    return works();
  }
  if (what == "no input") return with_streams_closed({0});
  if (what == "no output") return with_streams_closed({1});
  if (what == "no streams") return with_streams_closed({0, 1, 2});
  if (what == "pipe handler") return with_pipe_handler();
  if (what == "reaper") return with_reaper();
  if (what == "busy threads") return with_busy_threads();
  if (what == "thread that ends") return with_a_thread_that_ends();
  return false;
}

}  // namespace

/// Arguments: the habit, and the file that the verdict goes to.
int main(int argc, char** argv) {
  troupe::guard(argc, argv);
  if (argc != 3) return 2;
  try {
    return say(argv[2], run(argv[1]));
  } catch (const std::exception& problem) {
    std::ofstream{argv[2]} << problem.what();
    return 1;
  }
}
