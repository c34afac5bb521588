#include "process/actor_start.hpp"

#include "platform/memory.hpp"
#include "platform/module.hpp"
#include "platform/packet.hpp"
#include "platform/process.hpp"
#include "process/control_link.hpp"
#include "process/family.hpp"
#include "registry/registry.hpp"

#include <array>
#include <cstdio>
#include <exception>
#include <utility>

namespace troupe::process_layer {
namespace {

constexpr int standard_output = 1, standard_error = 2;

[[noreturn]] void give_up(const control_link& link, const std::string& stage, const std::string& why) {
  link.send(entered{stage, why});
  platform::exit_now(1);
}

bool is_known(std::uint64_t entry) { return registry::find(detail::entry_id{entry}) != nullptr; }

// The executed process's own part: what a forked one has inherited from the zygote.
void load_for(const execute& order, const control_link& link) {
  auto problem = load_modules(order.modules);
  if (problem.empty() && !order.module.empty() && !is_known(order.what.entry))
    problem = load_modules({order.module});
  if (!problem.empty()) give_up(link, "preload", problem);
  if (!is_known(order.what.entry)) give_up(link, unknown_entry, "");
}

// All of it that does not depend on which actor it is. The name comes before descriptors are closed: whoever looks for an idle
// zygote, by its name and its few descriptors, must not find this process.
void become_child(actor_descriptors& given, pid_t guardian, const std::string& name) {
  const std::array kept{given.control.get(), given.output.get(), given.errors.get()};
  platform::close_all_but(kept);
  platform::lead_own_group();
  if (!platform::die_with_parent(guardian)) platform::exit_now(1);
  platform::set_process_name(name);
  head_a_family();
  platform::set_standard_stream(standard_output, given.output.get());
  platform::set_standard_stream(standard_error, given.errors.get());
  given.output.reset();
  given.errors.reset();
}

[[noreturn]] void run(const fork& order, control_link link, bool confirms, actor_main run_actor) {
  if (confirms || order.limits.any()) {
    try {
      platform::apply(order.limits);
    } catch (const std::exception& problem) {
      give_up(link, "limits", problem.what());
    }
    link.send(entered{});
  }
  run_actor(link.release());
  platform::exit_now(0);
}

// The first message; ends the process where there will be none.
control_message wait_for_order(const control_link& link) {
  control_message message;
  for (;;) {
    const auto state = link.receive(message);
    if (state == control_link::state::closed) platform::exit_now(1);
    if (state == control_link::state::message) return message;
    platform::wait_readable({link.socket()}, platform::never);
  }
}

}  // namespace

void buffer_lines() { std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ); }

void become_actor(const fork& order, actor_descriptors given, pid_t guardian, bool confirms,
                  actor_main run_actor) {
  become_child(given, guardian, order.name);
  run(order, control_link{std::move(given.control)}, confirms, run_actor);
}

void become_standby(actor_descriptors given, pid_t guardian, actor_main run_actor) {
  become_child(given, guardian, "troupe-standby");
  control_link link{std::move(given.control)};
  platform::have_pages_ready();
  const auto message = wait_for_order(link);
  if (message.kind() != control_kind::fork) platform::exit_now(1);
  const auto order = message.as<fork>();
  platform::set_process_name(order.name);
  run(order, std::move(link), false, run_actor);
}

void become_executed_actor(platform::descriptor control, std::uint64_t cookie, pid_t guardian,
                           actor_main run_actor) {
  control_link link{std::move(control)};
  auto message = wait_for_order(link);
  if (message.kind() != control_kind::execute || message.descriptors.size() != 2) platform::exit_now(1);
  const auto order = message.as<execute>();
  if (order.cookie != cookie) platform::exit_now(1);
  load_for(order, link);
  buffer_lines();
  become_actor(order.what,
               {link.release(), std::move(message.descriptors[0]), std::move(message.descriptors[1])},
               guardian, true, run_actor);
}

std::string load_modules(const std::vector<std::string>& paths) {
  const auto threads = platform::own_threads();
  for (const auto& path : paths) {
    try {
      platform::load_module(path);
    } catch (const std::exception& problem) {
      return problem.what();
    }
    if (platform::own_threads() > threads) {
      return path +
             " starts a thread when it is loaded, and a process with threads cannot be forked; start "
             "threads " +
             "later, in the actors";
    }
  }
  return {};
}

}  // namespace troupe::process_layer
