#include <troupe/actor_system.hpp>
#include <troupe/available_cpus.hpp>
#include <troupe/errors.hpp>

#include "process/entrance.hpp"
#include "runtime/actor_main.hpp"
#include "system/actor_tree.hpp"
#include "system/host_member.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace troupe {
namespace {

using system_layer::host_member;

void enter_if_at_the_entrance() {
  if (process_layer::is_at_the_entrance()) process_layer::enter(&runtime::run_actor);
}

host_member& host_of(detail::endpoint& where, const char* what) {
  auto* const host = dynamic_cast<host_member*>(&where);
  if (host == nullptr) {
    throw std::logic_error{"troupe: " + std::string{what} +
                           " is for the program that has made the system, not for its actors"};
  }
  return *host;
}

// Who spins on the only CPU, or a part of one, spends what the one waited for would need.
system_options fitting_here(system_options options) {
  if (available_cpus() < 2) options.spin = {};
  return options;
}

}  // namespace

void guard(int, char**) { enter_if_at_the_entrance(); }

actor_system::actor_system(system_options options) : options_{fitting_here(std::move(options))} {
  enter_if_at_the_entrance();
  auto host = std::make_shared<host_member>(process_layer::launch_guardian(options_), options_);
  host->start();
  endpoint_ = std::move(host);
}

actor_system::~actor_system() { stop(); }

std::vector<actor_entry> actor_system::actors() const {
  auto all = endpoint_->actors().actors;
  std::erase_if(all, [](const auto& each) { return each.pid == 0; });
  return all;
}

actor_tree actor_system::tree() const {
  auto listed = endpoint_->actors();
  return system_layer::tree_of({.name = "host", .pid = listed.host_pid}, std::move(listed.actors));
}

stop_report actor_system::stop() { return stop(options_.grace); }

stop_report actor_system::stop(std::chrono::milliseconds grace) {
  auto* const host = dynamic_cast<host_member*>(endpoint_.get());
  return host == nullptr ? stop_report{} : host->shut_down(grace);
}

void actor_system::handle_signals() { host_of(*endpoint_, "handle_signals").handle_signals(); }

std::vector<dead_letter> actor_system::dead_letters() const {
  return host_of(*endpoint_, "dead_letters").letters().all();
}

void actor_system::on_escalation(std::function<void(const escalation&)> callback) {
  host_of(*endpoint_, "on_escalation").escalated().set(std::move(callback));
}

void actor_system::on_hang(std::function<void(const hang&)> callback) {
  host_of(*endpoint_, "on_hang").hung().set(std::move(callback));
}

std::vector<std::string> actor_system::residue() const { return host_of(*endpoint_, "residue").residue(); }

void actor_system::on_dead_letter(std::function<void(const dead_letter&)> callback) {
  host_of(*endpoint_, "on_dead_letter").letters().callback().set(std::move(callback));
}

int actor_system::interrupted_by() const {
  const auto* const host = dynamic_cast<const host_member*>(endpoint_.get());
  return host == nullptr ? 0 : host->interrupted_by();
}

}  // namespace troupe
