#include "runtime/actor_main.hpp"

#include "platform/packet.hpp"
#include "platform/process.hpp"
#include "runtime/actor_member.hpp"

#include <cstdio>
#include <iostream>
#include <memory>

namespace troupe::runtime {

void run_actor(platform::descriptor control) {
  process_layer::control_link link{std::move(control)};
  process_layer::control_message start;
  while (link.receive(start) == process_layer::control_link::state::empty) {
    platform::wait_readable({link.socket()}, platform::never);
  }
  int code = 1;
  if (start.kind() == process_layer::control_kind::start && !start.descriptors.empty()) {
    // Never destroyed: what a failed actor's tasks and callbacks own is its objects', and ends with the process.
    static const auto self = std::make_shared<actor_member>(std::move(link), start);
    code = self->run();
  }
  // Not through exit(3): the handlers registered there are those of the program's main, which never ran here.
  std::cout.flush();
  std::fflush(nullptr);
  platform::exit_now(code);
}

}  // namespace troupe::runtime
