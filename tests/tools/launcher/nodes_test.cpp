// The commands `node` and `nodes` of two programs that are built on the launcher.
#include "nodes.hpp"

#include "support/processes.hpp"
#include "support/program.hpp"

#include <catch2/catch.hpp>
#include <signal.h>
#include <string>
#include <vector>

using Catch::Matchers::Contains;

namespace {

bool has_nodes() {
  if (troupe::launcher::has_nodes()) return true;
  WARN("not run: this build is without the C++ Actor Framework");
  return false;
}

support::program troupe_command(std::vector<std::string> words) {
  return support::program{TROUPE_COMMAND_PATH, std::move(words)};
}

/// "node NAME listens on ADDRESS; ..."
std::string address_of(support::program& node) {
  const auto line = node.line();
  REQUIRE(line);
  INFO(*line);
  const std::string before = "listens on ";
  const auto from = line->find(before);
  REQUIRE(from != std::string::npos);
  return line->substr(from + before.size(), line->find(';') - from - before.size());
}

}  // namespace

TEST_CASE("nodes come, are listed, and go") {
  if (!has_nodes()) return;
  auto first = troupe_command({"node", "--name", "one"});
  const auto address = address_of(first);
  auto second = troupe_command({"node", "--name", "two", "--join", address});
  (void)address_of(second);
  CHECK_THAT(second.line().value_or(""), Contains("node one (" + address + ") is up"));
  auto told = first.line().value_or("");
  CHECK_THAT(told, Contains("node two") && Contains("is up"));

  auto list = troupe_command({"nodes", "--join", address});
  const auto text = list.rest();
  CHECK(list.wait().code == 0);
  CHECK_THAT(text, Contains("one  " + address + "  up  ") && Contains("two  ") && Contains("cores: "));
  auto as_json = troupe_command({"nodes", "--join", address, "--json"});
  const auto json = as_json.rest();
  CHECK(as_json.wait().code == 0);
  CHECK_THAT(json, Contains(R"("name":"two")") && Contains(R"("state":"up")") && Contains(R"("actors":1)"));

  // These are gone again before they are likely to be seen: their name is taken.
  for (int n = 0; n < 3; ++n)
    CHECK(troupe_command({"node", "--name", "one", "--join", address}).wait().code == 1);
  second.kill(SIGTERM);
  CHECK(second.wait().code == 0);
  // Whoever came and went meanwhile may have been seen or not; but nobody is down who was not up.
  auto line = first.line();
  for (; line; line = first.line()) {
    told += "\n" + *line;
    const auto end = line->find(" is down");
    if (end == std::string::npos) continue;
    CHECK_THAT(told, Contains(line->substr(0, end) + " is up"));
    if (line->starts_with("node two")) break;
  }
  CHECK_THAT(line.value_or(""), Contains("it has left"));
  first.kill(SIGINT);
  CHECK(first.wait().code == 0);
}

TEST_CASE("a node that cannot be made says why, and ends with status 1") {
  if (!has_nodes()) return;
  auto open = troupe_command({"node", "--listen", "0.0.0.0:0"});
  CHECK(open.wait().code == 1);
  CHECK_THAT(open.errors(), Contains("loopback"));
  auto alone = troupe_command({"nodes", "--join", "127.0.0.1:1"});
  CHECK(alone.wait().code == 1);
  CHECK_THAT(alone.errors(), Contains("127.0.0.1:1 cannot be joined"));

  auto first = troupe_command({"node"});
  support::program other{OWN_PROGRAM_PATH, {"nodes", "--join", address_of(first)}};
  CHECK(other.wait().code == 1);
  CHECK_THAT(other.errors(), Contains("the programs differ"));
  first.kill(SIGTERM);
  CHECK(first.wait().code == 0);
}

TEST_CASE("a node with the name of another is refused, and the other stays") {
  if (!has_nodes()) return;
  auto first = troupe_command({"node", "--name", "one"});
  const auto address = address_of(first);
  auto second = troupe_command({"node", "--name", "one", "--join", address});
  CHECK(second.wait().code == 1);
  CHECK(second.rest().empty());
  CHECK_THAT(
      second.errors(),
      Contains(address + " cannot be joined: ") &&
          Contains(
              "a node named one is there already, at " + address +
              ": give one of them another (cluster_node_options::name; for the command 'node', --name)"));
  first.kill(SIGTERM);
  CHECK(first.wait().code == 0);
}

TEST_CASE("there is no listing of nodes without one to ask") {
  if (!has_nodes()) return;
  auto alone = troupe_command({"nodes"});
  CHECK(alone.wait().code == 2);
  CHECK_THAT(alone.errors(), Contains("--join"));
}
