#include "support/processes.hpp"
#include "support/program.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <string>

namespace {

/// The service; ended by the end of its input.
class service {
 public:
  service() {
    const auto line = running_.line().value_or("");
    const std::string said = "listening on 127.0.0.1:";
    REQUIRE(line.rfind(said, 0) == 0);
    port_ = line.substr(said.size());
  }
  std::string ask(const std::string& option) const {
    support::program client{CAF_SERVICE_PATH, {"--port=" + port_, option}};
    auto answer = client.rest();
    REQUIRE(client.wait().code == 0);
    return answer;
  }
  [[nodiscard]] pid_t process(const std::string& name) const {
    return support::descendant_called(name, running_.pid());
  }
  void end() {
    running_.close_input();
    const auto how = running_.wait();
    REQUIRE_FALSE(how.by_signal);
    REQUIRE(how.code == 0);
  }

 private:
  support::program running_{CAF_SERVICE_PATH, {}};
  std::string port_;
};

}  // namespace

TEST_CASE("caf_service answers, survives what crashes its evaluator, and keeps its books") {
  service running;
  CHECK(running.ask("--ask=84 / 2") == "84 / 2 = 42\n");
  CHECK(running.ask("--ask=1 / 0") ==
        "1 / 0: actor evaluator is down (killed by SIGFPE); the call had been started\n");
  CHECK(running.ask("--ask=6 * 7") == "6 * 7 = 42\n");
  CHECK(running.ask("--report") == "2 answered, 1 failed\n");
  running.end();
}

TEST_CASE("caf_service says what was wrong, and goes on after kill -9 of its evaluator") {
  service running;
  CHECK(running.ask("--ask=nothing") == "nothing: 'nothing' is no calculation\n");
  CHECK(running.ask("--ask=6 * 7") == "6 * 7 = 42\n");
  const auto evaluator = running.process("evaluator");
  REQUIRE(evaluator != 0);
  REQUIRE(::kill(evaluator, SIGKILL) == 0);
  CHECK(support::wait_until([&] { return running.ask("--ask=6 * 7") == "6 * 7 = 42\n"; }));
  running.end();
}
