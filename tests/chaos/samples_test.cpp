// The samples' topologies with their processes killed at random moments, against a quiet run of the same input. The checker
// is here, outside of what is checked: it compares results by content.
#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

namespace json = boost::json;

struct sample {
  std::string name;
  std::vector<std::string> options;
};

const std::vector<sample>& all_samples() {
  static const std::vector<sample> all{
      {"word_count", {"--counters", "3"}},
      {"producer_consumer", {"--items", "20000", "--producers", "2"}},
      {"producer_consumer", {"--items", "100", "--sentinel"}},
      {"file_search", {"--pattern", "warranty"}},
      {"image_processing", {"--images", "4"}},
  };
  return all;
}

json::value report_of(const sample& which, const std::vector<std::string>& more = {}) {
  auto options = which.options;
  options.insert(options.end(), more.begin(), more.end());
  return samples::report_of(which.name, options);
}

void check_counts(const json::value& counts) {
  CHECK(counts.at("in") == counts.at("out"));
  CHECK(counts.at("lost") == 0);
  CHECK(counts.at("completed_twice") == 0);
}

void check_like_a_quiet_run(const sample& which, int kills, int seed,
                            const std::vector<std::string>& more = {}) {
  INFO(which.name << " --kills " << kills << " --seed " << seed);
  std::vector<std::string> faults{"--kills", std::to_string(kills), "--seed", std::to_string(seed)};
  faults.insert(faults.end(), more.begin(), more.end());
  const auto quiet = report_of(which);
  const auto disturbed = report_of(which, faults);
  CHECK(disturbed.at("result") == quiet.at("result"));
  CHECK(disturbed.at("items").at("in") == quiet.at("items").at("in"));
  check_counts(disturbed.at("items"));
  const auto& chaos = disturbed.at("chaos");
  CHECK(chaos.at("kills") == kills);
  CHECK(chaos.at("seed") == seed);
  CHECK(chaos.at("differing") == 0);
  std::int64_t by_actor = 0;
  for (const auto& [name, count] : chaos.at("by_actor").as_object())
    by_actor += count.to_number<std::int64_t>();
  CHECK(by_actor == kills);
}

}  // namespace

TEST_CASE("with processes killed at random moments, a sample's result is that of a quiet run") {
  const auto which = GENERATE(range(0, 5));
  const auto seed = GENERATE(1, 2, 3, 4);
  check_like_a_quiet_run(all_samples().at(static_cast<std::size_t>(which)), 20, seed);
}

TEST_CASE("with processes killed, paused and slow, a sample's result is that of a quiet run") {
  const auto which = GENERATE(range(0, 5));
  check_like_a_quiet_run(all_samples().at(static_cast<std::size_t>(which)), 10, 5, {"--stop", "--slow"});
}

TEST_CASE(
    "of processes that cannot go on because others were killed there is no line among what a run prints") {
  const auto& which = all_samples().front();
  auto options = which.options;
  options.insert(options.end(), {"--kills", "40", "--seed", "1"});
  const auto run = samples::run(which.name, options);
  CHECK(run.status == 0);
  CHECK(run.out.find("ends by") == std::string::npos);
  CHECK(run.errors.find("ends by") == std::string::npos);
}

// A job that runs a topology: its report is its own.
TEST_CASE(
    "the stages of data_pipeline are killed at random moments, and each number passes all of them once") {
  const auto kills = GENERATE(20, 200);
  const auto seed = GENERATE(1, 2);
  INFO("data_pipeline --kills " << kills << " --seed " << seed);
  const std::vector<std::string> input{"--items", "60", "--work", "0ms"};
  auto faults = input;
  faults.insert(faults.end(), {"--kills", std::to_string(kills), "--seed", std::to_string(seed)});
  const auto quiet = samples::report_of("data_pipeline", input).at("result");
  const auto disturbed = samples::report_of("data_pipeline", faults).at("result");
  CHECK(disturbed.at("stream").at("sum") == quiet.at("stream").at("sum"));
  const auto& before = quiet.at("stream").at("trace").as_array();
  const auto& after = disturbed.at("stream").at("trace").as_array();
  REQUIRE(after.size() == before.size());
  for (std::size_t n = 0; n < after.size(); ++n) {
    CHECK(after[n].at("position") == before[n].at("position"));
    CHECK(after[n].at("value") == before[n].at("value"));
  }
  const auto& fire = disturbed.at("under_fire");
  CHECK(fire.at("chaos").at("kills") == kills);
  CHECK(fire.at("chaos").at("differing") == 0);
  check_counts(fire.at("items"));
}

// Two hundred seeds are twenty of these, by CTest; each names the first of its ten.
TEST_CASE("under ten more seeds, a sample's result is that of a quiet run", "[.long]") {
  const char* const first = std::getenv("CHAOS_FIRST_SEED");
  const auto which = GENERATE(range(0, 5));
  const auto seed = GENERATE(range(0, 10)) + (first == nullptr ? 100 : std::atoi(first));
  check_like_a_quiet_run(all_samples().at(static_cast<std::size_t>(which)), 20, seed);
}

TEST_CASE("two hundred deaths are survived by each sample") {
  const auto which = GENERATE(range(0, 5));
  check_like_a_quiet_run(all_samples().at(static_cast<std::size_t>(which)), 200, 7);
}
