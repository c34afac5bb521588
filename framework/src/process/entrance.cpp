#include "process/entrance.hpp"

#include <troupe/errors.hpp>

#include "process/family.hpp"
#include "process/guardian.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace troupe::process_layer {
namespace {

constexpr const char* variable = "TROUPE_ENTRANCE";
constexpr const char* lane_variable = "TROUPE_LANE";

enum class role : char { guardian = 'g', actor = 'a' };

struct entrance {
  bool open = false;
  role as = role::guardian;
  std::uint64_t cookie = 0;
  pid_t parent = 0;
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
  if (end != text.end() && end + 1 != text.end() && *(end + 1) == static_cast<char>(role::actor)) {
    found.as = role::actor;
    found.parent = platform::parent_pid();
    static_cast<void>(
        platform::die_with_parent(found.parent));  // what runs before the guard must not outlive it either
  }
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
std::vector<std::string> environment_with(std::uint64_t cookie, role as) {
  std::string entry = std::string{variable} + "=" + to_hex(cookie) + ";" + static_cast<char>(as) + ";";
  entry.resize(std::max(entry.size(), platform::name_room), ' ');
  std::vector<std::string> all{std::move(entry), room_for_a_family()};
  for (auto& inherited : platform::own_environment()) {
    const auto name = std::string_view{inherited}.substr(0, inherited.find('='));
    if (name != variable && name != family_variable) all.push_back(std::move(inherited));
  }
  return all;
}

std::uint64_t milliseconds_of(std::chrono::milliseconds time) {
  return static_cast<std::uint64_t>(std::max(time.count(), std::chrono::milliseconds::rep{0}));
}

lane chosen_lane(lane by_options) {
  const char* const given = std::getenv(lane_variable);
  if (by_options != lane::automatic || given == nullptr) return by_options;
  const std::string_view name{given};
  if (name == "socket") return lane::socket;
  if (name == "ring") return lane::ring;
  if (name.empty() || name == "automatic") return by_options;
  throw std::invalid_argument{"troupe: the environment has " + std::string{lane_variable} + "=" + given +
                              ": it may be automatic, socket or ring"};
}

void send_hello(const control_link& link, const system_options& options, std::uint64_t cookie, lane way) {
  hello words;
  words.cookie = cookie;
  words.host = platform::own_pid();
  words.output = options.output;
  words.has_output = platform::is_open(1);
  words.has_error = platform::is_open(2);
  words.grace_milliseconds = milliseconds_of(options.grace);
  words.start_milliseconds = milliseconds_of(options.start_timeout);
  words.spin_nanoseconds =
      static_cast<std::uint64_t>(std::max(options.spin.count(), std::chrono::nanoseconds::rep{0}));
  words.max_depth = options.max_depth;
  words.start = options.start;
  words.lane = way;
  words.standbys = options.standbys;
  for (const auto& path : options.preload) words.modules.push_back(whole_module_path(path));
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
  const std::string advice{guard_advice};
  for (;;) {
    control_message answer;
    switch (started.link.receive(answer)) {
      case control_link::state::closed:
        give_up(started, "entering",
                "the program's second start ended before it came to its actor_system" + advice);
      case control_link::state::message:
        if (answer.kind() == control_kind::refused) {
          const auto problem = answer.as<refused>();
          give_up(started, problem.stage, problem.why);
        }
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

// The host's own program again, with its arguments; or the program that was named instead, with none: the host's would not
// be for it.
pid_t start_guardian(const system_options& options, std::uint64_t cookie, int inherited) {
  const bool own = options.executable.empty();
  const auto executable = own ? platform::own_executable() : platform::open_executable(options.executable);
  const auto arguments = own ? platform::own_arguments() : std::vector{options.executable};
  return platform::start_program(
      {&executable, arguments, environment_with(cookie, role::guardian), inherited, true});
}

}  // namespace

bool is_at_the_entrance() { return the_entrance().open; }

void enter(actor_main run_actor) {
  const auto found = std::exchange(the_entrance(), {});
  const std::array kept{platform::inherited_number};
  platform::close_all_but(kept);  // what the host or its libraries left inheritable
  auto control = platform::descriptor::adopt(platform::inherited_number);
  if (found.as == role::actor)
    become_executed_actor(std::move(control), found.cookie, found.parent, run_actor);
  guardian{std::move(control), found.cookie, run_actor}.run();
}

pid_t execute_as_actor(std::uint64_t cookie, const platform::descriptor& control) {
  const auto executable = platform::own_executable();
  return platform::start_program(
      {&executable, platform::own_arguments(), environment_with(cookie, role::actor), control.get(), false});
}

std::string whole_module_path(const std::string& path) {
  // Without a slash it is a name that the loader looks for.
  return path.find('/') == std::string::npos ? path : std::filesystem::absolute(path).string();
}

launched_guardian launch_guardian(const system_options& options) {
  const auto deadline = platform::deadline_after(options.start_timeout);
  const auto cookie = platform::random_bits();
  const auto way = chosen_lane(options.lane);
  launched_guardian started;
  try {
    auto [ours, its] = platform::packet_pair();
    started.pid = start_guardian(options, cookie, its.get());
    started.process = platform::process_handle::open(started.pid);
    started.link = control_link{std::move(ours)};
  } catch (const std::system_error& problem) {
    throw start_failed{options.executable.empty() ? "executing the program again" : "executable",
                       problem.what()};
  }
  send_hello(started.link, options, cookie, way);
  wait_until_ready(started, deadline);
  return started;
}

}  // namespace troupe::process_layer
