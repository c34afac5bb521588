// What others do wrong: each time both ends say what happened, to what, and what to do, and nobody's actors suffer.
#include <troupe/certificates.hpp>
#include <troupe/node.hpp>
#include <troupe/troupe.hpp>

#include "impostor.hpp"
#include "loopback.hpp"
#include "place.hpp"
#include "samples/folder.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using support::echo;
using support::impostor;
using support::loopback;
using support::place;
using support::why_not;
using troupe::detail::message_kind;

namespace {

namespace fs = std::filesystem;

constexpr auto soon = 60s;

std::string why_not_joined(const std::string& address, const fs::path& certificates = {}) {
  return why_not({.certificates = certificates, .join = {address}, .join_timeout = soon});
}

/// A node in another process, so that what it says can be read; its text is to be had at its end.
class talkative {
 public:
  explicit talkative(const std::string& certificates = "", std::chrono::milliseconds patience = 60s)
      : program_{OTHER_PROGRAM_PATH, {certificates, std::to_string(patience.count())}},
        address_{program_.line().value_or("no address:0")} {}
  [[nodiscard]] std::uint16_t port() const {
    return static_cast<std::uint16_t>(std::stoi(address_.substr(address_.rfind(':') + 1)));
  }
  std::string errors() {
    program_.close_input();
    CHECK(program_.wait().code == 0);
    return program_.errors();
  }

 private:
  support::program program_;
  std::string address_;
};

/// A plain connection. Whatever waits does so for a minute at most.
class plain {
 public:
  explicit plain(int connected) : socket_{connected} {
    const timeval patience{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  explicit plain(std::uint16_t to) : plain{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    const auto where = loopback(to);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
  }
  plain(const plain&) = delete;
  plain& operator=(const plain&) = delete;
  ~plain() { ::close(socket_); }

  void say(const std::string& text) const {
    CHECK(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }
  void hear() const {
    char first = 0;
    CHECK(::recv(socket_, &first, 1, 0) == 1);
  }
  /// Reads to the end; false where none comes.
  [[nodiscard]] bool has_ended() const {
    std::array<char, 4096> bytes;
    ssize_t count = 1;
    while (count > 0) count = ::recv(socket_, bytes.data(), bytes.size(), 0);
    return count == 0 || errno == ECONNRESET;
  }

 private:
  int socket_;
};

/// Answers whoever connects, once, as a web server would.
class web_server {
 public:
  web_server() : listens_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    auto where = loopback(0);
    socklen_t size = sizeof where;
    REQUIRE(::bind(listens_, reinterpret_cast<sockaddr*>(&where), size) == 0);
    REQUIRE(::listen(listens_, 4) == 0);
    REQUIRE(::getsockname(listens_, reinterpret_cast<sockaddr*>(&where), &size) == 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(where.sin_port));
    serves_ = std::thread{[this] {
      const plain client{::accept4(listens_, nullptr, nullptr, SOCK_CLOEXEC)};
      client.hear();
      client.say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      (void)client.has_ended();
    }};
  }
  web_server(const web_server&) = delete;
  web_server& operator=(const web_server&) = delete;
  ~web_server() {
    ::shutdown(listens_, SHUT_RDWR);
    serves_.join();
    ::close(listens_);
  }
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  int listens_;
  std::string address_;
  std::thread serves_;
};

/// The most memory that a process has had, in bytes.
std::size_t peak_of(int pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string word; status >> word;) {
    std::size_t kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes << 10U;
  }
  return 0;
}

troupe::node_status status_of(const place& by, std::uint32_t number) {
  for (auto& each : by.node.members()) {
    if (each.who.number == number) return each;
  }
  return {};
}

/// Two nodes, an actor on the first that the second has started, and somebody who has joined the first as a node.
struct with_impostor {
  with_impostor() {
    REQUIRE(liar.ask<&impostor::connect>(support::port_of(first.node), std::string{}).get(soon).empty());
    liar.tell<&impostor::send>(impostor::greeting(message_kind::hello, number));
    REQUIRE(
        support::wait_until([&] { return status_of(first, number).is == troupe::node_status::state::up; }));
  }
  void check_others() {
    CHECK(there.ask<&echo::say>("still").get(soon) == "still");
    CHECK(first.node.find(second.node.self().name).has_value());
  }
  /// It hears that, and so does whoever asks the first node.
  void check_refused(const std::string& why) {
    CHECK_THAT(liar.ask<&impostor::refused>().get(soon), Contains(why));
    CHECK(liar.ask<&impostor::has_ended>().get(soon));
    CHECK(
        support::wait_until([&] { return status_of(first, number).is == troupe::node_status::state::down; }));
    CHECK_THAT(status_of(first, number).why, Contains(why));
  }

  static constexpr std::uint32_t number = 7;
  place first{{}, "first", 20s};
  place second{{first.node.address()}, "second", 20s};
  troupe::actor<echo> there = second.system.spawn<echo>({.on = first.node.self()});
  troupe::actor_system elsewhere;
  troupe::actor<impostor> liar = elsewhere.spawn<impostor>();
};

}  // namespace

// --- Addresses ------------------------------------------------------------------------------------------------------------

TEST_CASE("a name that does not resolve is said to be unknown, and what to do") {
  const samples::folder where;
  troupe::make_certificates(where.path(), {"one"});
  CHECK_THAT(why_not_joined("no-such-host.invalid:7000", where / "one"),
             Contains("join: ") && Contains("no-such-host.invalid:7000 cannot be joined") &&
                 Contains("knows no host named 'no-such-host.invalid'") && Contains("correct the name"));
  CHECK_THAT(why_not_joined("no-such-host.invalid:7000"),
             Contains("'no-such-host.invalid' is not a loopback address") && Contains("--certificates"));
#ifdef TROUPE_COMMAND_PATH
  support::program node{
      TROUPE_COMMAND_PATH,
      {"node", "--join", "no-such-host.invalid:7000", "--certificates", (where / "one").string()}};
  node.close_input();
  CHECK(node.wait().code == 1);
  CHECK_THAT(node.errors(), Contains("knows no host named 'no-such-host.invalid'"));
#endif
}

TEST_CASE("where nobody listens, whoever joins hears that and not that a name is wrong") {
  CHECK_THAT(why_not_joined("127.0.0.1:1"),
             Contains("127.0.0.1:1 cannot be joined") && Contains("is a node started at that address?"));
}

TEST_CASE("an address that is in use is said, and whoever has it goes on") {
  place first, second{{first.node.address()}};
  auto there = second.system.spawn<echo>({.on = first.node.self()});
  CHECK_THAT(why_not({.listen = first.node.address()}),
             Contains("listen: ") && Contains(first.node.address()) && Contains("is another program there") &&
                 Contains("port 0"));
  CHECK(there.ask<&echo::say>("still").get(soon) == "still");
}

// --- Certificates ---------------------------------------------------------------------------------------------------------

TEST_CASE("an expired certificate of who connects is refused, and both ends say so") {
  const samples::folder where;
  troupe::make_certificates(where.path(), {"one"});
  troupe::make_certificates(where.path(), {"late"}, -1min);
  talkative node{where / "one"};
  troupe::actor_system elsewhere;
  auto late = elsewhere.spawn<impostor>();
  CHECK_THAT(late.ask<&impostor::connect>(node.port(), (where / "late").string()).get(soon),
             Contains("this node's certificate"));
  CHECK_THAT(node.errors(), Contains("a connection from 127.0.0.1:") && Contains("certificate is refused") &&
                                Contains("expired"));
}

TEST_CASE("an expired certificate of who listens is refused, and both ends say so") {
  const samples::folder where;
  troupe::make_certificates(where.path(), {"one"});
  troupe::make_certificates(where.path(), {"late"}, -1min);
  troupe::actor_system elsewhere;
  auto late = elsewhere.spawn<impostor>();
  const auto port = late.ask<&impostor::listen>((where / "late").string()).get(soon);
  const auto address = "127.0.0.1:" + std::to_string(port);
  CHECK_THAT(why_not_joined(address, where / "one"), Contains(address + " cannot be joined") &&
                                                         Contains("certificate is refused") &&
                                                         Contains("expired"));
  CHECK_THAT(late.ask<&impostor::heard>().get(soon),
             Contains("this node's certificate") && Contains("expired"));
}

// --- Who is no node -------------------------------------------------------------------------------------------------------

TEST_CASE("where HTTP is spoken there is no node, and whoever joins hears it") {
  const web_server server;
  CHECK_THAT(why_not_joined(server.address()),
             Contains(server.address() + " cannot be joined") && Contains("it speaks something else"));
}

TEST_CASE("where HTTP is spoken in place of TLS there is no node, and whoever joins hears it") {
  const samples::folder where;
  troupe::make_certificates(where.path(), {"one"});
  const web_server server;
  CHECK_THAT(why_not_joined(server.address(), where / "one"),
             Contains(server.address() + " cannot be joined") && Contains("it does not speak TLS"));
}

TEST_CASE("who speaks something else in place of TLS is sent away, and the node says so") {
  const samples::folder where;
  troupe::make_certificates(where.path(), {"one"});
  const std::string said =
      GENERATE("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "nonsense, and more of that");
  talkative node{(where / "one").string()};
  {
    const plain stranger{node.port()};
    stranger.say(said);
    CHECK(stranger.has_ended());
  }
  CHECK_THAT(node.errors(), Contains("a connection from 127.0.0.1:") && Contains("it does not speak TLS"));
}

TEST_CASE("who connects and speaks something else is sent away, and the node says so") {
  const auto announced = std::string{"\1\0\0\0\xff\xff\xff\xff", 8} + std::string(24, '\0');
  const auto [said, heard] = GENERATE_COPY(table<std::string, std::string>({
      {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "nothing that a node says"},
      {std::string(5000, '\xff'), "nothing that a node says"},
      {announced, "a message of 4294967295 bytes"},
  }));
  talkative node;
  {
    const plain stranger{node.port()};
    stranger.say(said);
    CHECK(stranger.has_ended());
  }
  CHECK_THAT(node.errors(), Contains("a connection from 127.0.0.1:") && Contains(heard));
}

TEST_CASE("who connects and says nothing is sent away after a while, and the node says so") {
  const samples::folder where;
  troupe::make_certificates(where.path(), {"one"});
  const auto certificates = GENERATE(false, true);
  talkative node{certificates ? (where / "one").string() : "", 300ms};
  const plain stranger{node.port()};
  CHECK(stranger.has_ended());
  CHECK_THAT(node.errors(),
             Contains("a connection from 127.0.0.1:") && Contains("no node has introduced itself"));
}

TEST_CASE("a node of another version of the protocol is refused, and both ends say so") {
  talkative node;
  troupe::actor_system elsewhere;
  auto other = elsewhere.spawn<impostor>();
  REQUIRE(other.ask<&impostor::connect>(node.port(), std::string{}).get(soon).empty());
  const auto version = troupe::detail::node_protocol + 1;
  const auto versions =
      "this node speaks version " + std::to_string(version - 1) + ", the other " + std::to_string(version);
  other.tell<&impostor::send>(impostor::greeting(message_kind::hello, 7, version));
  CHECK_THAT(other.ask<&impostor::refused>().get(soon), Contains(versions) && Contains("the same Troupe"));
  CHECK(other.ask<&impostor::has_ended>().get(soon));
  CHECK_THAT(node.errors(), Contains("was refused") && Contains(versions));
}

TEST_CASE("a node that joins one of another version hears it, and so does that one") {
  troupe::actor_system elsewhere;
  auto other = elsewhere.spawn<impostor>();
  const auto port = other.ask<&impostor::listen>(std::string{}).get(soon);
  other.tell<&impostor::answer>(
      impostor::greeting(message_kind::welcome, 7, troupe::detail::node_protocol + 1));
  CHECK_THAT(why_not_joined("127.0.0.1:" + std::to_string(port)),
             Contains("cannot be joined") && Contains("the versions differ"));
  CHECK_THAT(other.ask<&impostor::refused>().get(soon), Contains("the versions differ"));
}

TEST_CASE("a node of another build is refused by its name") {
  talkative node;
  troupe::actor_system elsewhere;
  auto other = elsewhere.spawn<impostor>();
  REQUIRE(other.ask<&impostor::connect>(node.port(), std::string{}).get(soon).empty());
  other.tell<&impostor::send>(impostor::greeting(message_kind::hello, 7));
  CHECK_THAT(other.ask<&impostor::refused>().get(soon),
             Contains("the programs differ") && Contains("start both from the same file"));
  CHECK_THAT(node.errors(), Contains("a node (impostor, 127.0.0.1:1) that wanted to join was refused") &&
                                Contains("the programs differ"));
}

// --- Nodes that do too much -----------------------------------------------------------------------------------------------

// Its gateway waits for the guardian, as for whatever it handles slowly; what comes meanwhile comes all the same.
TEST_CASE("a node that floods is given up, what it has sent takes no more than so much, and others go on") {
  with_impostor nodes;
  const auto gateway = nodes.first.gateway();
  const auto guardian = support::parent_of(gateway);
  const auto before = peak_of(gateway);
  REQUIRE(::kill(guardian, SIGSTOP) == 0);
  nodes.liar
      .ask<&impostor::flood>(impostor::tell(1, 1, std::string(200'000, 'x')), std::uint64_t{1},
                             std::uint64_t{1500})
      .get(soon);
  const auto heard = nodes.liar.ask<&impostor::refused>().get(soon + 10s);
  const auto most = peak_of(gateway);
  REQUIRE(::kill(guardian, SIGCONT) == 0);
  CHECK_THAT(heard, Contains("it floods: more than 64 MiB") && Contains("wait for acknowledgements"));
  CHECK(most - before < std::size_t{200} << 20U);
  nodes.check_refused("it floods");
  nodes.check_others();
}

TEST_CASE("a node that names thousands of actors that it was not given is given up, and others go on") {
  with_impostor nodes;
  std::string frames;
  for (std::uint64_t key = 1; key <= 5000; ++key) frames += impostor::tell(1, key, "");
  nodes.liar.tell<&impostor::send>(impostor::batch(1, frames));
  nodes.check_refused("it names thousands of actors whose handles it has not been given");
  nodes.check_others();
}

TEST_CASE("a node that breaks the protocol is given up, its connection ends, and others go on") {
  with_impostor nodes;
  nodes.liar.tell<&impostor::send>(impostor::batch(2, impostor::tell(1, 1, "")));
  nodes.check_refused("a batch is missing before this one");
  nodes.check_others();
}

TEST_CASE("a node that introduces itself as another one is given up") {
  with_impostor nodes;
  nodes.liar.tell<&impostor::send>(impostor::greeting(message_kind::hello, nodes.number + 1));
  nodes.check_refused("it introduces itself as another node than before");
  nodes.check_others();
}
