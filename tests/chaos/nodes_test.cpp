// Samples whose work is on other machines, with TLS: results are those of this one alone, whatever becomes of the others.
#include <troupe/certificates.hpp>

#include "machines.hpp"
#include "samples/folder.hpp"
#include "samples/sample.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using tests::machines;

namespace {

struct sample {
  std::string name;
  std::vector<std::string> options;
  std::string worker;  ///< how the processes on the other nodes are called
  bool is_job = false;
};

const std::vector<sample>& all_samples() {
  static const std::vector<sample> all{
      {"monte_carlo", {"--samples", "3000000", "--partitions", "300", "--workers", "4"}, "dice-", true},
      {"word_count", {"--counters", "4"}, "count-"},
      {"file_search", {"--pattern", "warranty", "--searchers", "4"}, "search-"},
      {"image_processing", {"--images", "12", "--replicas", "2"}, "resize-"},
  };
  return all;
}

/// What a run in text says, but for how long it took.
std::string result_in(const std::string& out, const sample& which) {
  return out.substr(0, out.rfind(which.name));
}

/// On this machine alone, where nothing happens: as text of a job, whose own errors are seen then, else as JSON.
const std::string& quiet_result_of(const sample& which) {
  static std::map<std::string, std::string> known;
  auto& result = known[which.name];
  if (!result.empty()) return result;
  result = which.is_job ? result_in(samples::run(which.name, which.options).out, which)
                        : boost::json::serialize(samples::report_of(which.name, which.options).at("result"));
  return result;
}

bool can_be() {
  static const auto why = machines::why_not();
  if (why.empty()) return true;
  WARN("not run: " << why);
  return false;
}

/// Machines with a node each, but for the last one, from which samples are run.
class cluster {
 public:
  explicit cluster(int nodes) : machines_{nodes + 1} {
    std::vector<std::string> names{"runner"};
    for (int i = 0; i < nodes; ++i) names.push_back("node" + std::to_string(i));
    troupe::make_certificates(certificates_.path(), names);
    for (int i = 0; i < nodes; ++i) start(i);
  }

  ~cluster() {
    for (const auto& each : nodes_) {
      each->kill(SIGTERM);
      each->wait();
    }
    // The guardians of those that were killed are left to us.
    for (const auto child : support::children_of(::getpid())) {
      if (support::command_of(child) == "troupe-guardian" &&
          support::wait_until_ended(child, support::usual_patience()))
        ::waitpid(child, nullptr, 0);
    }
  }
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  [[nodiscard]] int nodes() const { return machines_.size() - 1; }
  void start(int i) {
    std::vector<std::string> words{TROUPE_COMMAND_PATH, "node",
                                   "--listen",          machines::address(i),
                                   "--certificates",    certificates_ / ("node" + std::to_string(i)),
                                   "--heartbeat",       "200ms"};
    if (i > 0) words.insert(words.end(), {"--join", machines::address(0)});
    nodes_.push_back(std::make_unique<support::program>(machines::ip, machines::on(i, words)));
    REQUIRE(nodes_.back()->line().value_or("").find("listens on") != std::string::npos);
  }
  support::program& node(int i) { return *nodes_.at(static_cast<std::size_t>(i)); }
  [[nodiscard]] support::program run(const sample& which, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{TROUPE_COMMAND_PATH,
                                   "run",
                                   which.name,
                                   "--heartbeat",
                                   "200ms",
                                   "--listen",
                                   machines::host(nodes()) + ":0",
                                   "--certificates",
                                   certificates_ / "runner",
                                   "--nodes"};
    std::string all;
    for (int i = 0; i < nodes(); ++i) all += (i == 0 ? "" : ",") + machines::address(i);
    words.push_back(all);
    if (!which.is_job) words.emplace_back("--json");
    words.insert(words.end(), which.options.begin(), which.options.end());
    words.insert(words.end(), more.begin(), more.end());
    return support::program{machines::ip, machines::on(nodes(), words)};
  }
  [[nodiscard]] static bool is_at_work(int i, const sample& which) {
    return support::wait_until([&] { return !machines::processes(i, which.worker).empty(); });
  }
  /// The node's own processes are there, unless they were killed, and nothing else.
  [[nodiscard]] static bool is_idle(int i) {
    return support::wait_until([&] {
      const auto own = machines::processes(i, "troupe").size() + machines::processes(i, "gateway").size();
      return machines::processes(i).size() == own;
    });
  }

 private:
  samples::folder certificates_;
  machines machines_;
  std::vector<std::unique_ptr<support::program>> nodes_;
};

void check_like_one_machine(support::program& run, const sample& which) {
  const auto out = run.rest();
  const auto end = run.wait();
  INFO(which.name << ": " << run.errors() << out);
  REQUIRE(end.code == 0);
  CHECK_FALSE(end.by_signal);
  if (which.is_job) {
    CHECK_THAT(out, Catch::Matchers::StartsWith(quiet_result_of(which)));
    return;
  }
  const auto report = boost::json::parse(out);
  CHECK(report.at("ok") == true);
  CHECK(boost::json::serialize(report.at("result")) == quiet_result_of(which));
  CHECK(report.at("items").at("lost") == 0);
  CHECK(report.at("items").at("completed_twice") == 0);
}

struct fault {
  std::string name;
  bool is_noticed;                      ///< the node is given up, by who runs the sample
  std::function<void(cluster&)> begin;  ///< to node 1
  std::function<void(cluster&)> end;
};

pid_t gateway_of(int i) { return machines::processes(i, "gateway").at(0); }

const std::vector<fault>& all_faults() {
  static const auto nothing = [](cluster&) {};
  static const std::vector<fault> all{
      {"the node is killed", true, [](cluster& there) { there.node(1).kill(SIGKILL); }, nothing},
      {"its gateway is killed", true, [](cluster&) { ::kill(gateway_of(1), SIGKILL); }, nothing},
      {"its gateway is stopped, and goes on", true, [](cluster&) { ::kill(gateway_of(1), SIGSTOP); },
       [](cluster&) { ::kill(gateway_of(1), SIGCONT); }},
      {"its link is cut, and mended", true, [](cluster&) { machines::cut(1); },
       [](cluster&) { machines::mend(1); }},
      {"nothing gets from it to who runs the sample", true,
       [](cluster& there) { machines::cut_one_way(1, there.nodes()); },
       [](cluster& there) { machines::mend_one_way(1, there.nodes()); }},
      {"nothing gets to it from who runs the sample", true,
       [](cluster& there) { machines::cut_one_way(there.nodes(), 1); },
       [](cluster& there) { machines::mend_one_way(there.nodes(), 1); }},
      {"its link is slow", false, [](cluster&) { machines::limit(1, "4mbit"); }, nothing},
      {"its workers are killed", false,
       [](cluster&) {
         for (const auto& each : all_samples()) {
           for (const auto pid : machines::processes(1, each.worker)) ::kill(pid, SIGKILL);
         }
       },
       nothing},
  };
  return all;
}

void check_survives(const fault& what, const sample& which, std::chrono::milliseconds into_it) {
  INFO(which.name << ", " << into_it.count() << " ms after its workers were there: " << what.name);
  (void)quiet_result_of(which);
  cluster all{2};
  auto run = all.run(which);
  (void)cluster::is_at_work(1, which);
  std::this_thread::sleep_for(into_it);  // a fault comes at any moment, also when all is over
  what.begin(all);
  check_like_one_machine(run, which);
  if (what.is_noticed && into_it < 100ms && which.is_job)
    CHECK_THAT(run.errors(), Catch::Matchers::Contains("is down"));
  what.end(all);
  CHECK(cluster::is_idle(0));
  CHECK(cluster::is_idle(1));
}

}  // namespace

TEST_CASE("the work of a sample is on other machines, over TLS, and its result is that of one machine") {
  if (!can_be()) return;
  cluster all{2};
  for (const auto& which : all_samples()) {
    auto run = all.run(which);
    check_like_one_machine(run, which);
  }
}

TEST_CASE("processes of a sample are killed on all its machines, and its result is that of one machine") {
  if (!can_be()) return;
  cluster all{2};
  for (const auto& which : all_samples()) {
    auto run = all.run(which, {"--kills", "20", "--seed", which.is_job ? "1" : "3"});
    check_like_one_machine(run, which);
  }
}

TEST_CASE("a machine fails while a sample runs on it, and the result is that of one machine") {
  if (!can_be()) return;
  const auto number = GENERATE(range(std::size_t{0}, std::size_t{8}));
  const auto& which = all_samples().at(GENERATE(std::size_t{0}, std::size_t{1}));
  check_survives(all_faults().at(number), which, 30ms);
}

TEST_CASE("work is spread over four machines") {
  if (!can_be()) return;
  cluster all{4};
  const auto& dice = all_samples().front();
  auto run = all.run(dice);
  for (int i = 0; i < 4; ++i) CHECK(cluster::is_at_work(i, dice));
  check_like_one_machine(run, dice);
}

TEST_CASE("under ten more seeds, a machine fails at any moment", "[.long]") {
  if (!can_be()) return;
  const char* const first = std::getenv("CHAOS_FIRST_SEED");
  const auto seed = GENERATE(range(0, 10)) + (first == nullptr ? 100 : std::atoi(first));
  INFO("seed " << seed);
  std::mt19937 random{static_cast<unsigned>(seed)};
  const auto& what = all_faults().at(random() % all_faults().size());
  const auto& which = all_samples().at(random() % all_samples().size());
  check_survives(what, which, std::chrono::milliseconds{random() % 500});
}
