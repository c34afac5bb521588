#include <troupe/actor_system.hpp>
#include <troupe/errors.hpp>

#include "process/entrance.hpp"
#include "runtime/actor_main.hpp"
#include "system/host_member.hpp"

#include <stdexcept>
#include <utility>

namespace troupe {
namespace {

using system_layer::host_member;

void enter_if_at_the_entrance() {
  if (process_layer::is_at_the_entrance()) process_layer::enter(&runtime::run_actor);
}

}  // namespace

void guard(int, char**) { enter_if_at_the_entrance(); }

actor_system::actor_system(system_options options) : options_{std::move(options)} {
  enter_if_at_the_entrance();
  auto host = std::make_shared<host_member>(process_layer::launch_guardian(options_), options_.grace);
  host->start();
  endpoint_ = std::move(host);
}

actor_system::~actor_system() { stop(); }

stop_report actor_system::stop() { return stop(options_.grace); }

stop_report actor_system::stop(std::chrono::milliseconds grace) {
  auto* const host = dynamic_cast<host_member*>(endpoint_.get());
  return host == nullptr ? stop_report{} : host->shut_down(grace);
}

void actor_system::handle_signals() {
  auto* const host = dynamic_cast<host_member*>(endpoint_.get());
  if (host == nullptr)
    throw std::logic_error{
        "troupe: handle_signals is for the program that has made the system, not for its actors"};
  host->handle_signals();
}

int actor_system::interrupted_by() const {
  const auto* const host = dynamic_cast<const host_member*>(endpoint_.get());
  return host == nullptr ? 0 : host->interrupted_by();
}

}  // namespace troupe
