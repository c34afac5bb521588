// Shared libraries that actors need and the zygote does not have: they are loaded into a new zygote, which then takes the old
// one's place. What goes wrong in a library's initialisation happens to a process that nobody needs yet.
#pragma once

#include "process/control_link.hpp"
#include "process/readiness.hpp"
#include "process/zygote.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace troupe::process_layer {

/// Who waits for a library to be loaded.
struct preload_request {
  std::uint32_t asker;
  request_number request;  ///< 0: the host's first words
  std::string path;
};

/// Loads one library after the other. Guardian's thread only.
class module_loader {
 public:
  struct events {
    std::function<void(zygote_process)> loaded;  ///< with the library, and all before it
    /// After `loaded`, or where there is a problem, instead of it.
    std::function<void(const std::string& path, const std::string& problem)> done;
  };
  module_loader(boost::asio::io_context& loop, actor_main run_actor, events tell);

  /// How long a library's initialisation may take.
  void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }

  /// Begins to load, where that is not under way already.
  void load(const std::string& path);

  /// What every new zygote has to load.
  [[nodiscard]] const std::vector<std::string>& modules() const { return modules_; }
  [[nodiscard]] bool has(const std::string& path) const;

  /// The process that is loading; 0 where none is.
  [[nodiscard]] pid_t candidate() const { return candidate_; }
  /// It has ended, in this way.
  void candidate_ended(const std::string& how);

 private:
  void begin_next();
  void listen();
  void finish(const std::string& problem);

  boost::asio::io_context& loop_;
  actor_main run_actor_;
  events tell_;
  std::chrono::milliseconds patience_{};
  std::vector<std::string> modules_;
  std::deque<std::string> waiting_;  // the first is under way where there is a candidate
  pid_t candidate_ = 0;
  control_link link_;
  readiness ready_{loop_};
  boost::asio::steady_timer timer_{loop_};
};

}  // namespace troupe::process_layer
