#include "process/zygote.hpp"

#include "platform/packet.hpp"
#include "platform/process.hpp"
#include "process/control_link.hpp"
#include "registry/registry.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace troupe::process_layer {
namespace {

enum standard_stream { output = 1, error = 2 };

// In the new actor, which is the guardian's child. It is single-threaded, so anything may be called.
[[noreturn]] void enter_actor(control_message& request, pid_t guardian, actor_main run_actor) {
  const auto& control = request.descriptors.at(0);
  const std::array kept{control.get(), request.descriptors.at(1).get(), request.descriptors.at(2).get()};
  platform::close_all_but(kept);
  platform::lead_own_group();
  if (!platform::die_with_parent(guardian)) platform::exit_now(1);
  platform::set_process_name(request.as<fork>().name);
  platform::set_standard_stream(output, request.descriptors[1].get());
  platform::set_standard_stream(error, request.descriptors[2].get());
  request.descriptors.resize(1);
  // Lines appear when they are whole, as on a terminal: whoever watches an actor sees what it does.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  run_actor(std::move(request.descriptors.front()));
  platform::exit_now(0);
}

[[noreturn]] void run_zygote(platform::descriptor socket, pid_t guardian, actor_main run_actor) {
  if (!platform::die_with_parent(guardian)) platform::exit_now(0);
  platform::set_process_name("troupe-zygote");
  const std::array kept{socket.get()};
  platform::close_all_but(kept);
  static_cast<void>(
      registry::find(detail::entry_id::none));  // builds the table once, for all actors to inherit
  const control_link link{std::move(socket)};
  for (;;) {
    control_message request;
    const auto state = link.receive(request);
    if (state == control_link::state::closed) platform::exit_now(0);
    if (state == control_link::state::empty) {
      platform::wait_readable({link.socket()}, platform::never);
      continue;
    }
    forked answer{request.as<fork>().actor, 0, 0};
    try {
      answer.pid = platform::fork_sibling();
    } catch (const std::system_error& problem) {
      answer.error = problem.code().value();
    }
    if (answer.pid == 0 && answer.error == 0) enter_actor(request, guardian, run_actor);
    if (!link.send(answer)) platform::exit_now(0);
  }
}

}  // namespace

zygote_process start_zygote(actor_main run_actor) {
  auto [ours, its] = platform::packet_pair();
  const auto guardian = platform::own_pid();
  const auto pid = platform::fork_child();
  if (pid == 0) {
    platform::reset_signals();
    run_zygote(std::move(its), guardian, run_actor);
  }
  return {pid, std::move(ours)};
}

}  // namespace troupe::process_layer
