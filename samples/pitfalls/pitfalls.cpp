// The mistakes that tutorials on processes warn of, each made here on purpose: what happens is safe, and says what it was.
#include <troupe/launcher.hpp>
#include <troupe/manager.hpp>
#include <troupe/pool.hpp>
#include <troupe/this_actor.hpp>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iomanip>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

struct settings {
  unsigned processes = 50;
};

// --- 1. No guard: the program does its own work before it comes to its system ----------------------------------------------

/// A program whose `main` has no guard and makes no system, where the actors' processes are to come from: /bin/true.
std::string no_guard() {
  try {
    troupe::actor_system system{{.start_timeout = 5s, .executable = "/bin/true"}};
    return "it started";
  } catch (const troupe::start_failed& failed) {
    return failed.what();
  }
}

// --- 2. Not joining: leaving while processes work ---------------------------------------------------------------------------

void note(troupe::list<int> done, int number) { done.push_back(number); }
void work_for_ever() {
  for (;;) std::this_thread::sleep_for(1h);
}

/// Leaving a system's scope ends everything in it: asked first, then by force. No orphan, no zombie.
std::uint64_t left_without_joining() {
  std::vector<int> pids;
  {
    troupe::actor_system inner{{.grace = 50ms}};
    for (int i = 0; i < 3; ++i) pids.push_back(inner.spawn<work_for_ever>().pid());
  }
  return static_cast<std::uint64_t>(std::count_if(pids.begin(), pids.end(), [](int pid) {
    return std::filesystem::exists("/proc/" + std::to_string(pid));
  }));
}

// --- 3. Sharing a plain list ------------------------------------------------------------------------------------------------

std::vector<int> plain;  // of each process: another one's memory is another's

void append_to_plain(int number) { plain.push_back(number); }

/// How many of what three processes append are in this process's list: none; and in a manager's: all.
std::pair<std::size_t, std::size_t> share_a_list(troupe::actor_system& system) {
  const auto managed = troupe::manager{system}.make_list<int>();
  plain.clear();
  std::vector<troupe::process> all;
  for (int n = 0; n < 3; ++n) {
    all.push_back(system.spawn<append_to_plain>(n));
    all.push_back(system.spawn<note>(managed, n));
  }
  for (const auto& each : all) each.join();
  return {plain.size(), managed.size()};
}

// --- 4. A thousand processes ------------------------------------------------------------------------------------------------

int whoami(int) { return troupe::this_actor::pid(); }

struct many {
  std::size_t started = 0;
  double seconds = 0;       ///< to start and join them
  std::size_t workers = 0;  ///< that a pool does the same with
  double pool_seconds = 0;
  std::string refused;  ///< why no more were started; empty: all were
};

many a_thousand_processes(troupe::actor_system& system, unsigned wanted) {
  using clock = std::chrono::steady_clock;
  const auto since = [](clock::time_point from) {
    return std::chrono::duration<double>{clock::now() - from}.count();
  };
  many seen;
  auto began = clock::now();
  std::vector<troupe::process> all;
  try {
    for (unsigned n = 0; n < wanted; ++n) all.push_back(system.spawn([] {}));
  } catch (
      const troupe::start_failed& full) {  // the machine has no room: a clear error, and the others go on
    seen.refused = full.what();
  }
  for (const auto& each : all) each.join();
  seen.started = all.size();
  seen.seconds = since(began);

  began = clock::now();
  troupe::pool pool{system};
  std::vector<int> numbers(wanted);
  std::iota(numbers.begin(), numbers.end(), 0);
  const auto pids = pool.map<whoami>(numbers);
  seen.workers = std::set<int>(pids.begin(), pids.end()).size();
  seen.pool_seconds = since(began);
  return seen;
}

troupe::summary pitfalls(const settings& given, troupe::actor_system& system) {
  const auto guard = no_guard();
  const auto left = left_without_joining();
  const auto [mine, managed] = share_a_list(system);
  const auto crowd = a_thousand_processes(system, given.processes);

  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << "no guard: " << guard << '\n'
       << "not joining: 3 processes worked when their scope was left; " << left << " are left\n"
       << "sharing a plain list: 3 processes appended; it has " << mine << " here, a manager's has "
       << managed << '\n'
       << crowd.started << " processes for " << given.processes << " small things: " << crowd.seconds
       << " s; a pool of " << crowd.workers << ": " << crowd.pool_seconds << " s\n";
  if (!crowd.refused.empty()) text << "more were refused: " << crowd.refused << '\n';
  const boost::json::object json{
      {"no_guard", guard},        {"left_without_joining", left},  {"plain_list", mine},
      {"managed_list", managed},  {"started", crowd.started},      {"refused", crowd.refused},
      {"seconds", crowd.seconds}, {"pool_workers", crowd.workers}, {"pool_seconds", crowd.pool_seconds}};
  return {.json = boost::json::serialize(json), .text = text.str()};
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("pitfalls",
                                      "The mistakes that tutorials warn of, and what they do here.", pitfalls)
        .group("Basics")
        .option("processes", &settings::processes, "how many are too many: try 1000",
                {.least = 1, .most = 4000});

}  // namespace
