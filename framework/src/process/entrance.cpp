#include "process/entrance.hpp"

#include <troupe/errors.hpp>

#include "process/guardian.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace troupe::process_layer {
namespace {

constexpr const char* variable = "TROUPE_ENTRANCE";

struct entrance {
  bool open = false;
  std::uint64_t cookie = 0;
};

entrance read_entrance() {
  entrance found;
  const char* const value = std::getenv(variable);
  if (value == nullptr) return found;
  const std::string_view text{value};
  const auto end = std::find(text.begin(), text.end(), ';');
  const auto result = std::from_chars(text.data(), text.data() + (end - text.begin()), found.cookie, 16);
  ::unsetenv(variable);  // what this process starts must not take itself for a guardian
  if (result.ec != std::errc{} || !platform::is_packet_socket(platform::inherited_number)) return found;
  platform::close_on_exec(platform::inherited_number);
  found.open = true;
  return found;
}

entrance& the_entrance() {
  static entrance only = read_entrance();
  return only;
}

// Before main, and (by its priority) before the program's own static objects.
[[gnu::constructor(101)]] void look_at_the_environment() { the_entrance(); }

std::string to_hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return {digits.data(), end};
}

// The variable comes first: its padding lies right behind the arguments, where set_process_name writes.
std::vector<std::string> environment_with(std::uint64_t cookie) {
  std::string entry = std::string{variable} + "=" + to_hex(cookie) + ";";
  entry.resize(std::max(entry.size(), platform::name_room), ' ');
  std::vector<std::string> all{std::move(entry)};
  for (auto& inherited : platform::own_environment()) {
    if (!inherited.starts_with(std::string{variable} + "=")) all.push_back(std::move(inherited));
  }
  return all;
}

std::uint64_t milliseconds_of(std::chrono::milliseconds time) {
  return static_cast<std::uint64_t>(std::max(time.count(), std::chrono::milliseconds::rep{0}));
}

void send_hello(const control_link& link, const system_options& options, std::uint64_t cookie) {
  hello words;
  words.cookie = cookie;
  words.host = platform::own_pid();
  words.output = options.output;
  words.has_output = platform::is_open(1);
  words.has_error = platform::is_open(2);
  words.grace_milliseconds = milliseconds_of(options.grace);
  words.max_depth = options.max_depth;
  std::vector<int> streams;
  if (words.has_output) streams.push_back(1);
  if (words.has_error) streams.push_back(2);
  link.send(words, streams);
}

[[noreturn]] void give_up(const launched_guardian& started, const std::string& stage,
                          const std::string& why) {
  started.process.send(platform::kill_signal);
  started.process.reap(platform::never);
  throw start_failed{stage, why};
}

void wait_until_ready(launched_guardian& started, platform::time_point deadline) {
  const std::string advice =
      "; make the actor_system, or call troupe::guard(argc, argv), before anything in main that may end the "
      "program";
  for (;;) {
    control_message answer;
    switch (started.link.receive(answer)) {
      case control_link::state::closed:
        give_up(started, "entering",
                "the program's second start ended before it came to its actor_system" + advice);
      case control_link::state::message:
        if (answer.kind() != control_kind::ready || answer.descriptors.size() != 1) {
          give_up(started, "handshake", "the guardian answered with something else than expected");
        }
        started.page = std::move(answer.descriptors.front());
        return;
      case control_link::state::empty: break;
    }
    if (!platform::wait_readable({started.link.socket()}, deadline)) {
      give_up(started, "entering",
              "the program's second start did not come to its actor_system in time" + advice);
    }
  }
}

}  // namespace

bool is_at_the_entrance() { return the_entrance().open; }

void enter(actor_main run_actor) {
  the_entrance().open = false;
  const std::array kept{platform::inherited_number};
  platform::close_all_but(kept);  // what the host or its libraries left inheritable
  guardian{platform::descriptor::adopt(platform::inherited_number), the_entrance().cookie, run_actor}.run();
}

launched_guardian launch_guardian(const system_options& options) {
  const auto deadline = platform::deadline_after(options.start_timeout);
  const auto cookie = platform::random_bits();
  launched_guardian started;
  try {
    const auto executable = platform::own_executable();
    auto [ours, its] = platform::packet_pair();
    const auto pid = platform::start_program(
        {&executable, platform::own_arguments(), environment_with(cookie), its.get()});
    started.process = platform::process_handle::open(pid);
    started.link = control_link{std::move(ours)};
  } catch (const std::system_error& problem) {
    throw start_failed{"executing the program again", problem.what()};
  }
  send_hello(started.link, options, cookie);
  wait_until_ready(started, deadline);
  return started;
}

}  // namespace troupe::process_layer
