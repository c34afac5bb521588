// Nodes that know each other by certificates.
#include <troupe/certificates.hpp>
#include <troupe/node.hpp>

#include "place.hpp"
#include "proxy.hpp"
#include "samples/folder.hpp"
#include "support/program.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using support::echo;

namespace {

namespace fs = std::filesystem;

constexpr auto soon = 60s;

/// A node with these certificates, or why it cannot be one.
std::string why_not(const fs::path& certificates, const std::string& join = {}) {
  troupe::cluster_node_options options{.certificates = certificates, .join_timeout = 2s};
  if (!join.empty()) options.join = {join};
  return support::why_not(options);
}

/// Another process, so that what it says can be read: a node with these certificates, until its input ends.
support::program node_with(const fs::path& certificates) {
  return support::program{OTHER_PROGRAM_PATH, {certificates}};
}

}  // namespace

TEST_CASE("nodes of one authority speak over TLS, at any address") {
  const samples::folder where;
  troupe::make_certificates(where.path(), {"one", "two"});
  support::place first{{}, "", 2s, where / "one", "127.0.0.1:0"};
  support::place second{{first.node.address()}, "", 2s, where / "two"};
  auto there = first.system.spawn<echo>({.on = second.node.self()});
  const std::string large(5'000'000, 'x');
  CHECK(there.ask<&echo::say>(large).get(soon) == large);
  CHECK(there.ask<&echo::say>("small").get(soon) == "small");
}

TEST_CASE("connections that end or fail are no other connection's trouble") {
  const samples::folder where;
  troupe::make_certificates(where.path(), {"one", "two", "three"});
  support::place first{{}, "", 20s, where / "one"};
  support::proxy between{support::port_of(first.node)};
  support::place second{{between.address()}, "", 20s, where / "two"};
  auto there = first.system.spawn<echo>({.on = second.node.self()});
  for (int i = 0; i < 5; ++i) {
    CHECK(why_not(where / "three", first.node.address()) == "it is one");
    CHECK_THAT(why_not({}, first.node.address()), Contains("cannot be joined"));
    CHECK(there.ask<&echo::say>("still").get(soon) == "still");
  }
  CHECK(between.connections() == 1);
}

TEST_CASE("an authority that is there makes more nodes, and keys are for their owner only") {
  const samples::folder where;
  troupe::make_certificates(where.path(), {"one"});
  troupe::make_certificates(where.path(), {"two"});
  CHECK((fs::status(where / "two/key.pem").permissions() & ~fs::perms::owner_all) == fs::perms::none);
  CHECK((fs::status(where / "authority").permissions() & ~fs::perms::owner_all) == fs::perms::none);
  support::place first{{}, "", 2s, where / "one"};
  support::place second{{first.node.address()}, "", 2s, where / "two"};
  CHECK(second.node.members().size() == 2);
  for (const std::string name : {"", ".", "..", "a/b", "authority"})
    CHECK_THROWS_AS(troupe::make_certificates(where.path(), {name}), std::invalid_argument);
}

TEST_CASE("certificates that nobody could accept are refused before anybody is asked") {
  const samples::folder where;
  troupe::make_certificates(where.path(), {"good", "other"});
  troupe::make_certificates(where.path(), {"late"}, -1min);
  CHECK(why_not(where / "good") == "it is one");
  CHECK_THAT(why_not(where / "nowhere"),
             Contains("nowhere/certificate.pem") && Contains("certificates --out"));
  CHECK_THAT(why_not(where / "late"), Contains("expired"));
  fs::copy_file(where / "other/key.pem", where / "good/key.pem", fs::copy_options::overwrite_existing);
  CHECK_THAT(why_not(where / "good"), Contains("is not the key of"));
  std::ofstream{where / "other/certificate.pem"} << "nonsense";
  CHECK_THAT(why_not(where / "other"), Contains("cannot be read as a certificate"));
}

TEST_CASE("a node of another authority is refused, and both ends say so") {
  const samples::folder ours, theirs;
  troupe::make_certificates(ours.path(), {"one"});
  troupe::make_certificates(theirs.path(), {"two"});
  auto first = node_with(ours / "one");
  const auto address = first.line();
  REQUIRE(address);
  CHECK_THAT(why_not(theirs / "two", *address), Contains("its certificate is refused"));
  first.close_input();
  CHECK(first.wait().code == 0);
  CHECK_THAT(first.errors(), Contains("a connection from") && Contains("certificate"));
}

TEST_CASE("a node whose certificate alone is of another authority is refused by the other end") {
  const samples::folder ours, theirs;
  troupe::make_certificates(ours.path(), {"one", "two"});
  troupe::make_certificates(theirs.path(), {"two"});
  // It trusts ours, and shows theirs; what it can check itself is that it fits its authority's.
  auto first = node_with(ours / "one");
  const auto address = first.line();
  REQUIRE(address);
  {
    std::ofstream both{theirs / "two/authority.pem", std::ios::app};
    both << std::ifstream{ours / "two/authority.pem"}.rdbuf();
  }
  CHECK_THAT(why_not(theirs / "two", *address), Contains("this node's certificate"));
  first.close_input();
  CHECK(first.wait().code == 0);
  CHECK_THAT(first.errors(), Contains("its certificate is refused"));
}

TEST_CASE("where one end has certificates and the other none, joining ends in time and says so") {
  const samples::folder where;
  troupe::make_certificates(where.path(), {"one"});
  support::place with{{}, "", 2s, where / "one"};
  support::place without;
  CHECK_THAT(why_not({}, with.node.address()), Contains("where one end has certificates, both need them"));
  CHECK_THAT(why_not(where / "one", without.node.address()), Contains("cannot be joined"));
}
