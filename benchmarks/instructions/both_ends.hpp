// A host and one actor in one process and one thread: what each does for a message can be counted.
//
//   host                                     actor
//     the workload: tells, asks, waits         runtime::actor_member::run, unchanged
//        |                                         |
//     nothing to go on with  ── go_on ──▶      sleeps in epoll_wait
//                            ◀── pause ──
//
// Between them is what is between processes: journals, pages, sockets. This file is also the guardian, as far as the two need
// one. Sleeps and looks at the clock go by way of functions of ours (interposed.cpp), so that each run is like the last.
//
// The host waits without a spin and has no background thread, so what a process with one thread saves, it saves too. What
// the kernel does is not counted.
#pragma once

#include <troupe/actor_system.hpp>

#include "other_stack.hpp"
#include "process/control_link.hpp"
#include "runtime/member.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace instructions {

/// The host, a member of a system whose only actor runs on another stack.
class both_ends final : public troupe::runtime::member {
 public:
  [[nodiscard]] static std::shared_ptr<both_ends> make();

  /// What code of a host sees. One `spawn` at most.
  [[nodiscard]] troupe::actor_system& system();
  /// Lets the actor do what has been sent to it, until it sleeps.
  void let_actor_run();
  /// Asks the actor to stop after all that, and lets it run to its end.
  void end();

  spawned spawn(troupe::detail::entry_id what, const std::string& default_name,
                const troupe::spawn_options& options, const troupe::detail::body& arguments) override;
  bool wait_on(troupe::runtime::connection& over, const troupe::runtime::condition& done,
               troupe::detail::deadline until) override;
  bool wait_on_any(std::span<troupe::runtime::connection* const> overs,
                   const troupe::runtime::condition& done, troupe::detail::deadline until) override;
  void asked(const std::shared_ptr<troupe::runtime::connection>&) override {}
  void run_later(std::function<void()> what) override { later_.push_back(std::move(what)); }

 private:
  struct control_pair {
    troupe::process_layer::control_link ours;  ///< the guardian's
    troupe::platform::descriptor its;
  };
  both_ends(control_pair link, troupe::platform::descriptor page);

  bool wait_for_control(const troupe::runtime::condition& done, troupe::detail::deadline until,
                        std::uint32_t on) override;
  void receive_request(const std::shared_ptr<troupe::runtime::connection>& from,
                       troupe::channel::message&& request) override;
  void interrupt(troupe::runtime::connection&) override {}

  void send_start(troupe::detail::entry_id what, const troupe::spawn_options& options,
                  const troupe::detail::body& arguments);
  void connect(const troupe::spawn_options& options, const std::string& name);
  [[nodiscard]] bool run_later_ones();
  [[nodiscard]] bool read_all();

  std::shared_ptr<troupe::actor_system> system_;
  troupe::process_layer::control_link to_host_;
  troupe::platform::descriptor host_page_;
  troupe::process_layer::control_link to_actor_;
  troupe::platform::descriptor actor_page_;
  std::array<troupe::platform::descriptor, 2> checkpoints_;
  std::unique_ptr<other_stack> actor_;
  std::vector<std::function<void()>> later_;
};

/// Called where the actor would sleep: returns when it is to look again.
void actor_sleeps();

}  // namespace instructions
