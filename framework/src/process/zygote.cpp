#include "process/zygote.hpp"

#include "platform/crash_trace.hpp"
#include "platform/limits.hpp"
#include "platform/memory.hpp"
#include "platform/packet.hpp"
#include "platform/process.hpp"
#include "process/control_link.hpp"
#include "registry/registry.hpp"

#include <array>
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace troupe::process_layer {
namespace {

// In the new actor, which is the guardian's child. It is single-threaded, so anything may be called.
[[noreturn]] void enter_actor(control_message& request, pid_t guardian, actor_main run_actor) {
  auto& came = request.descriptors;
  actor_descriptors given{std::move(came.at(0)), std::move(came.at(1)), std::move(came.at(2))};
  const auto order = request.as<fork>();
  if (order.actor == 0) become_standby(std::move(given), guardian, run_actor);
  become_actor(order, std::move(given), guardian, false, run_actor);
}

forked fork_actor(const fork& order) try {
  forked answer{order.actor, 0, "", ""};
  if (order.actor != 0 && registry::find(detail::entry_id{order.entry}) == nullptr) {
    answer.stage = unknown_entry;
    return answer;
  }
  if (order.actor == 0) platform::find_pages_to_have_ready();
  answer.pid = platform::fork_sibling();
  return answer;
} catch (const std::system_error& problem) {
  return {order.actor, 0, "fork", problem.code().message()};
} catch (const std::logic_error& problem) {
  return {order.actor, 0, "registry", problem.what()};
}

// Once, for all actors to inherit. What the C++ library calls in others is bound by the first call: in each actor, with a look
// through all libraries, unless it has happened here.
void prepare_for_all() {
  static_cast<void>(registry::find(detail::entry_id::none));  // builds the table
  platform::prepare_to_record_crashes();                      // behind the modules, which may handle signals
  buffer_lines();
  static_cast<void>(std::chrono::steady_clock::now());
  std::cout.flush();
  std::unordered_set<int>{1}.rehash(100);
}

[[noreturn]] void run_zygote(platform::descriptor socket, pid_t guardian, actor_main run_actor,
                             const std::vector<std::string>& modules) {
  if (!platform::die_with_parent(guardian)) platform::exit_now(0);
  platform::set_process_name("troupe-zygote");
  const std::array kept{socket.get()};
  platform::close_all_but(kept);
  const control_link link{std::move(socket)};
  if (!modules.empty()) {
    const loaded result{load_modules(modules)};
    if (!link.send(result) || !result.why.empty()) platform::exit_now(0);
  }
  prepare_for_all();
  for (;;) {
    control_message request;
    const auto state = link.receive(request);
    if (state == control_link::state::closed) platform::exit_now(0);
    if (state == control_link::state::empty) {
      platform::wait_readable({link.socket()}, platform::never);
      continue;
    }
    const auto answer = fork_actor(request.as<fork>());
    if (answer.pid == 0 && answer.stage.empty()) enter_actor(request, guardian, run_actor);
    if (!link.send(answer)) platform::exit_now(0);
  }
}

}  // namespace

zygote_process start_zygote(actor_main run_actor, const std::vector<std::string>& modules) {
  auto [ours, its] = platform::packet_pair();
  const auto guardian = platform::own_pid();
  const auto pid = platform::fork_child();
  if (pid == 0) {
    platform::reset_signals();
    platform::restore_open_files(0);
    run_zygote(std::move(its), guardian, run_actor, modules);
  }
  return {pid, std::move(ours)};
}

}  // namespace troupe::process_layer
