#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>

using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("a pipe brings every message, and tells a close from a death") {
  const auto result = samples::report_of("pipe", {"--messages", "300"}).at("result");
  const auto& whole = result.at("one_way");
  REQUIRE(whole.at("messages").as_array().size() == 300);
  for (std::size_t n = 0; n < 300; ++n)
    REQUIRE(whole.at("messages").at(n).as_string() == "message " + std::to_string(n + 1));
  CHECK(whole.at("ending") == "closed");
  CHECK(result.at("killed").at("messages") == whole.at("messages"));
  CHECK(result.at("killed").at("ending") == "killed by SIGKILL");
  CHECK_THAT(std::string{result.at("refused").as_string()},
             Contains("the other end of pipe") && Contains("is closed"));
}

TEST_CASE("a conversation over a pipe answers each question") {
  const auto result = samples::report_of("pipe", {"--question", "a bb  ccc"}).at("result");
  CHECK(result.at("answers") == boost::json::parse("[1, 2, 3]"));
  CHECK(samples::report_of("pipe", {"--question", ""}).at("result").at("answers").as_array().empty());
}

TEST_CASE("a pipe says what it received") {
  const auto run = samples::run("pipe", {"--messages", "2"});
  CHECK(run.status == 0);
  CHECK_THAT(run.out, StartsWith("received: message 1\nreceived: message 2\nthen the sender's end: closed\n"
                                 "from a sender that was killed: 2 messages, then: killed by SIGKILL\n"));
}

TEST_CASE("a pipe refuses a number of messages that is none") {
  samples::check_refused("pipe", {"--messages", "many"}, Contains("--messages: "));
}
