#include "support/processes.hpp"
#include "support/program.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <future>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

namespace http = boost::beast::http;
namespace json = boost::json;
using boost::asio::ip::tcp;

struct answer {
  unsigned status = 0;
  json::value body;
};

/// A client with one connection.
class client {
 public:
  explicit client(std::uint16_t port) { socket_.connect({boost::asio::ip::address_v4::loopback(), port}); }

  answer ask(http::verb method, const std::string& target, const std::string& body = {}) {
    http::request<http::string_body> request{method, target, 11};
    request.body() = body;
    request.prepare_payload();
    http::write(socket_, request);
    return read();
  }
  answer evaluate(const std::string& text) { return ask(http::verb::post, "/evaluate", text); }
  answer say(const std::string& bytes) {
    boost::asio::write(socket_, boost::asio::buffer(bytes));
    return read();
  }

 private:
  answer read() {
    http::response<http::string_body> response;
    http::read(socket_, buffer_, response);
    return {response.result_int(), json::parse(response.body())};
  }
  boost::asio::io_context context_;
  tcp::socket socket_{context_};
  boost::beast::flat_buffer buffer_;
};

class service {
 public:
  explicit service(const std::vector<std::string>& arguments) : program_{HTTP_SERVICE_PATH, arguments} {
    const auto line = program_.line().value_or("");
    REQUIRE(line.starts_with("listening on http://127.0.0.1:"));
    port_ = static_cast<std::uint16_t>(std::stoul(line.substr(line.rfind(':') + 1)));
  }
  answer evaluate(const std::string& text) const { return client{port_}.evaluate(text); }
  json::value health() const { return client{port_}.ask(http::verb::get, "/health").body; }
  std::vector<pid_t> workers() const { return json::value_to<std::vector<pid_t>>(health().at("pids")); }
  std::uint16_t port() const { return port_; }
  support::program& program() { return program_; }

  /// How many requests of `count` on one connection got another answer than the right one.
  int wrong_of(int count) const {
    client one{port_};
    int wrong = 0;
    for (int i = 0; i < count; ++i) {
      const auto got = one.evaluate(std::to_string(i) + " * (2 + fib(10))");
      if (got.status != 200 || got.body.at("value") != i * 57) ++wrong;
    }
    return wrong;
  }
  void end() {
    program_.kill(SIGTERM);
    const auto how = program_.wait();
    CHECK_FALSE(how.by_signal);
    CHECK(how.code == 0);
  }

 private:
  support::program program_;
  std::uint16_t port_ = 0;
};

const std::string too_deep(500'000, '(');  // one stack frame for each
const std::string endless = "fib(90)";

std::string text_of(const json::value& value) { return std::string{value.as_string()}; }

/// Whether the process has computed for a while: an actor that does has begun its handler.
bool is_computing(pid_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string field;
  for (int i = 0; i < 14; ++i) file >> field;  // the 14th: ticks of user time; the name has no blanks
  return std::atol(field.c_str()) >= 5;
}

/// Why each worker died, in order.
std::vector<std::string> deaths_of(const json::value& health) {
  std::vector<std::string> all;
  for (const auto& each : health.at("deaths").as_array())
    all.push_back(text_of(each.at("why")) + " during " + text_of(each.at("during")));
  return all;
}

}  // namespace

TEST_CASE("each of many requests at once gets its own right answer") {
  service http{{"--workers", "3"}};
  std::vector<std::future<int>> clients;
  for (int i = 0; i < 8; ++i)
    clients.push_back(std::async(std::launch::async, [&] { return http.wrong_of(50); }));
  for (auto& each : clients) CHECK(each.get() == 0);
  CHECK(http.health().at("answered") == 400);
  CHECK(http.health().at("died") == 0);
  http.end();
}

TEST_CASE(
    "a request that crashes its worker, one that never ends and a worker killed from outside harm nobody "
    "else") {
  service http{{"--workers", "3", "--deadline", "1500"}};
  std::vector<std::future<int>> clients;
  for (int i = 0; i < 4; ++i)
    clients.push_back(std::async(std::launch::async, [&] { return http.wrong_of(200); }));

  const auto crashed = http.evaluate(too_deep);
  CHECK(crashed.status == 503);
  CHECK(text_of(crashed.body.at("error")) == "crashed");
  CHECK(text_of(crashed.body.at("why")) == "killed by SIGSEGV");

  const auto late = http.evaluate(endless);
  CHECK(late.status == 504);
  CHECK(text_of(late.body.at("error")) == "late");

  for (auto& each : clients) CHECK(each.get() == 0);

  // All three that are there now, idle: replaced, by others.
  CHECK(support::wait_until([&] { return http.health().at("died") == 2 && http.workers().size() == 3; }));
  for (const auto pid : http.workers()) ::kill(pid, SIGKILL);
  CHECK(support::wait_until([&] { return http.health().at("died") == 5 && http.workers().size() == 3; }));
  CHECK(http.wrong_of(20) == 0);

  CHECK(deaths_of(http.health()) ==
        std::vector<std::string>{"killed by SIGSEGV during a request",
                                 "killed by SIGKILL during a request that was late",
                                 "killed by SIGKILL during nothing", "killed by SIGKILL during nothing",
                                 "killed by SIGKILL during nothing"});
  http.end();
}

TEST_CASE("a worker that is killed from outside at work fails its request, and the next is answered") {
  service http{{"--workers", "1", "--deadline", "60000"}};
  const auto only = http.workers().at(0);
  auto doomed = std::async(std::launch::async, [&] { return http.evaluate(endless); });
  CHECK(support::wait_until([&] { return http.health().at("busy") == 1; }));
  auto waiting = std::async(std::launch::async, [&] { return http.evaluate("40 + 2"); });
  CHECK(support::wait_until([&] { return http.health().at("waiting") == 1; }));
  CHECK(
      support::wait_until([&] { return is_computing(only); }));  // killed before that, it would go to another
  ::kill(only, SIGKILL);
  const auto told = doomed.get();
  CHECK(told.status == 503);
  CHECK(text_of(told.body.at("why")) == "killed by SIGKILL");
  CHECK(waiting.get().body.at("value") == 42);
  CHECK(http.health().at("died") == 1);
  http.end();
}

TEST_CASE("what makes no sense is refused, and costs no worker") {
  service http{{}};
  client one{http.port()};
  const auto senseless = one.evaluate("2 +");
  CHECK(senseless.status == 400);
  CHECK(text_of(senseless.body.at("error")) == "no sense");
  CHECK(one.ask(http::verb::get, "/evaluate").status == 405);
  CHECK(one.ask(http::verb::get, "/elsewhere").status == 404);
  CHECK(client{http.port()}.say("POST /evaluate HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n").status == 413);
  CHECK(client{http.port()}.say("this is not HTTP\r\n\r\n").status == 400);
  CHECK(http.health().at("died") == 0);
  http.end();
}

TEST_CASE("a service that is asked to end answers what it has begun, and ends") {
  service http{{"--workers", "1", "--deadline", "60000"}};
  client idle{http.port()};
  CHECK(idle.evaluate("1").status == 200);
  auto begun = std::async(std::launch::async, [&] { return http.evaluate("fib(38)"); });
  CHECK(support::wait_until([&] { return http.health().at("busy") == 1; }));
  http.program().kill(SIGTERM);
  CHECK(begun.get().body.at("value") == 39088169);
  CHECK(http.program().wait().code == 0);
}

TEST_CASE("a service that is killed leaves no worker") {
  service http{{"--workers", "4"}};
  const auto all = http.workers();
  CHECK(all.size() == 4);
  http.program().kill(SIGKILL);
  CHECK(http.program().wait().by_signal);
  for (const auto orphan : support::children_of(::getpid())) {  // what it left behind is ours now
    CHECK(support::wait_until_ended(orphan));
    ::waitpid(orphan, nullptr, 0);
  }
  for (const auto pid : all) CHECK(support::command_of(pid).empty());
}
