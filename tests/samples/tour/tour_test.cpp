#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace {

using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

std::string text_of(const boost::json::value& section) {
  std::string text = std::string{section.at("title").as_string()} + "\n";
  for (const auto& line : section.at("lines").as_array()) text += std::string{line.as_string()} + "\n";
  return text;
}

}  // namespace

TEST_CASE("the tour has ten sections, and each comes to what it should") {
  const auto all = samples::report_of("tour", {"--nap", "50ms", "--steps", "100000"});
  CHECK(all.at("job") == "tour");
  const auto& sections = all.at("result").at("sections").as_array();
  REQUIRE(sections.size() == 10);
  std::vector<std::string> text;
  for (const auto& each : sections) text.push_back(text_of(each));
  CHECK_THAT(text[0], StartsWith("Functions in processes\nsleeper is process ") &&
                          Contains("\nit is alive\nafter join: ended normally\nfive naps of 50 ms took "));
  CHECK_THAT(text[1], StartsWith("A class as an actor\n5 + 7 + 30 = 42\nsaid counter, process ") &&
                          EndsWith("\nafter stop and join: ended normally\n"));
  CHECK(text[2] == "A queue\ntwo consumers added up the numbers below 100: 4950\n");
  CHECK(text[3] == "A pipe\none has 3 letters\nthree has 5 letters\nthe other end: ended normally\n");
  CHECK(text[4] == "Timers\nticked 1 2 3\n");
  CHECK(text[5] == "Shared memory\nfive processes counted to 5000\nand filled an array: 0 1 4 9 16\n");
  CHECK(text[6] == "A manager\nAda has 2\nGrace has 1\n3 have voted\n");
  CHECK_THAT(text[7],
             StartsWith("A pool, and threads\nsquares in order: 0 1 4 9 16\nanswers as they come: ") &&
                 Contains("\nfour sums of squares: one after another ") &&
                 EndsWith("\nall came to the same\n"));
  CHECK(text[8] ==
        "Errors and deaths\nstd::invalid_argument: 3 is odd\nit lives on: half of 4 is 2\n"
        "the answer will not come: killed by SIGKILL\n");
  CHECK(text[9] == "A topology\n1000 numbers in, 1000 out, 0 lost\nthe sum of their squares is 332833500\n");
}

TEST_CASE("the tour has headings") {
  const auto run = samples::run("tour", {"--nap", "10ms", "--steps", "1000"});
  CHECK(run.status == 0);
  CHECK(run.errors.empty());
  CHECK_THAT(run.out,
             StartsWith("1. Functions in processes\n-----") && Contains("\n\n10. A topology\n-----"));
}

TEST_CASE("a tour without naps is refused") {
  samples::check_refused("tour", {"--nap", "0ms"}, Contains("--nap: "));
}

TEST_CASE("Ctrl-C ends the tour") { samples::check_interrupt("tour", {"--nap", "60min"}, 3); }
