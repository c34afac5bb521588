// The program's second start, and what can be wrong with it.
#include "platform/process.hpp"
#include "process/control_link.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <unistd.h>

namespace platform = troupe::platform;
using namespace troupe::process_layer;

namespace {

/// A pipe whose writing end programs inherit; counts the bytes written when nobody has it any more.
class counter {
 public:
  counter() {
    if (::pipe(ends_) != 0) throw std::runtime_error{"pipe"};
  }
  ~counter() { ::close(ends_[0]); }
  [[nodiscard]] std::string number() const { return std::to_string(ends_[1]); }
  int total() {
    ::close(ends_[1]);
    char byte = 0;
    int count = 0;
    while (::read(ends_[0], &byte, 1) == 1) ++count;
    return count;
  }

 private:
  int ends_[2] = {};
};

std::uint64_t hexadecimal(const std::string& text) { return std::stoull(text, nullptr, 16); }

/// Starts the driver as a guardian is started, with `cookie` in its environment.
struct second_start {
  explicit second_start(const std::string& cookie) {
    const auto executable = platform::descriptor::adopt(::open(HOST_DRIVER_PATH, O_RDONLY | O_CLOEXEC));
    auto [ours, its] = platform::packet_pair();
    link = control_link{std::move(ours)};
    pid =
        platform::start_program({&executable,
                                 {"host_driver", "wait"},
                                 {"TROUPE_ENTRANCE=" + cookie + ";" + std::string(platform::name_room, ' ')},
                                 its.get()});
  }
  /// What comes first; nullopt at the end of the connection.
  std::optional<control_kind> first_words() {
    control_message message;
    for (;;) {
      const auto state = link.receive(message);
      if (state == control_link::state::message) return message.kind();
      if (state == control_link::state::closed) return std::nullopt;
      platform::wait_readable({link.socket()}, platform::never);
    }
  }
  ~second_start() {
    link.close();
    const auto handle = platform::process_handle::open(pid);
    handle.send(platform::kill_signal);
    handle.reap(platform::never);
  }
  control_link link;
  pid_t pid;
};

}  // namespace

TEST_CASE("a main whose second start ends before the guard is told so, and started no third time") {
  const auto mode = GENERATE(as<std::string>{}, "returns", "exits", "aborts");
  counter starts;
  support::program driver{LATE_DRIVER_PATH, {mode, starts.number()}};
  driver.write("go\n");
  const auto line = driver.line().value();
  CHECK(line.starts_with("start_failed entering: "));
  CHECK(line.find("troupe::guard") != std::string::npos);
  CHECK(driver.wait().code == 5);
  CHECK(starts.total() == 2);
}

TEST_CASE("a main whose second start does not come to the guard in time is told so, and it is ended") {
  counter starts;
  support::program driver{LATE_DRIVER_PATH, {"hangs", starts.number()}};
  driver.write("go\n");
  const auto line = driver.line().value();
  CHECK(line.starts_with("start_failed entering: "));
  CHECK(line.find("in time") != std::string::npos);
  CHECK(driver.wait().code == 5);
  CHECK(starts.total() == 2);  // which also says that both have ended
}

TEST_CASE("a main that does work before its system, behind the guard or not, is started twice in all") {
  const auto mode = GENERATE(as<std::string>{}, "guarded", "plain");
  counter starts;
  support::program driver{LATE_DRIVER_PATH, {mode, starts.number()}};
  driver.write("go\n");
  CHECK(driver.line() == "answer 42");
  CHECK(driver.wait().code == 0);
  CHECK(starts.total() == 2);
}

TEST_CASE("a program that was replaced or deleted while it runs still starts actors") {
  const auto copy =
      std::filesystem::temp_directory_path() / ("late_driver_copy_" + std::to_string(::getpid()));
  std::filesystem::copy_file(LATE_DRIVER_PATH, copy);
  support::program driver{copy, {"plain"}};
  std::filesystem::remove(copy);
  driver.write("go\n");
  CHECK(driver.line() == "answer 42");
  CHECK(driver.wait().code == 0);
}

TEST_CASE("a host whose standard streams are closed has a system all the same") {
  support::program shell{"/bin/sh", {"-c", "exec " LATE_DRIVER_PATH " plain <&- >&- 2>&-"}};
  CHECK(shell.wait().code == 0);
}

TEST_CASE("a guardian answers the cookie that it was started with") {
  second_start start{"123abc"};
  start.link.send(hello{.cookie = hexadecimal("123abc"), .host = ::getpid()});
  CHECK(start.first_words() == control_kind::ready);
}

TEST_CASE("a guardian ends, silently, at a wrong cookie") {
  second_start start{"123abc"};
  start.link.send(hello{.cookie = hexadecimal("123abd"), .host = ::getpid()});
  CHECK_FALSE(start.first_words());
  CHECK(support::wait_until_ended(start.pid));
}

TEST_CASE("a guardian ends at first words that are no hello, and when nothing is ever said") {
  SECTION("another message") {
    second_start start{"1"};
    start.link.send(shutdown{});
    CHECK_FALSE(start.first_words());
  }
  SECTION("noise") {
    second_start start{"1"};
    const std::string noise = "noise";
    std::ignore = platform::send_packet(start.link.socket(), {std::as_bytes(std::span{noise})});
    CHECK_FALSE(start.first_words());
  }
  SECTION("the connection's end") {
    second_start start{"1"};
    start.link.close();
    CHECK(support::wait_until_ended(start.pid));
  }
}

TEST_CASE("the variable in a stranger's environment, without the descriptor, changes nothing") {
  const auto value = GENERATE(as<std::string>{}, "1;", "", "nonsense", "ffffffffffffffffffffff;");
  support::program driver{LATE_DRIVER_PATH, {"plain"}, {"TROUPE_ENTRANCE=" + value}};
  driver.write("go\n");
  CHECK(driver.line() == "answer 42");
  CHECK(driver.wait().code == 0);
}
