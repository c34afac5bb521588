// Processes that are forked ahead of the starts that will need them.
//
//   zygote forks ──▶ waits for its order ──▶ taken by a start: an actor like others
//                          │
//                          └─▶ dies, or its zygote is replaced: another takes its place
//
// A standby is of no class: all actors are forked by one zygote. It has what every actor has, but for its order.
#pragma once

#include "platform/descriptor.hpp"
#include "platform/process.hpp"
#include "process/control.hpp"
#include "process/control_link.hpp"
#include "process/output_collector.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_set>

namespace troupe::process_layer {

/// A process that waits to be told which actor it is. Where its owner drops it, it ends: its socket closes.
struct standby {
  pid_t pid = 0;
  platform::process_handle process;
  control_link link;
  platform::descriptor page;
  std::shared_ptr<output_collector> output;
  std::shared_ptr<output_collector> errors;
};

/// Those that there are. Guardian's thread only.
class standbys {
 public:
  struct events {
    /// Asks the zygote; false where it cannot be asked now: then somebody calls `refill` again.
    std::function<bool(const fork& order, std::span<const int> descriptors)> ask;
    /// Reads what a new process prints, once it has been started.
    std::function<std::shared_ptr<output_collector>(platform::descriptor pipe, bool is_error)> collect;
  };
  standbys(boost::asio::io_context& loop, events tell);

  /// From now on so many are kept, by `refill`.
  void keep(std::size_t count);

  /// Has the zygote fork what is missing, one at a time: a start that comes meanwhile waits for one fork at most.
  void refill();

  /// As `refill`, after a start: at once where less than half of them are left, otherwise when no start has come for a
  /// moment. A fork at once would take a core from the very actor that has just been started.
  void refill_soon();

  /// The zygote's answer.
  void on_forked(const forked& answer);

  /// One of them, for good: the caller refills. It may have ended a moment ago, and then takes no order.
  [[nodiscard]] std::optional<standby> take();
  /// It had ended.
  void give_back(standby ended);

  /// Some child has ended: whether it was one of these. Another takes its place, later where several die in a row.
  [[nodiscard]] bool has_ended(pid_t pid);

  /// The zygote has been asked and has not answered: a child that nobody knows may be what it is about to tell of.
  [[nodiscard]] bool is_waiting() const { return ordered_.has_value(); }

  /// Ends all: another zygote may have loaded other modules, and what this one was asked for never comes.
  void discard();

  /// Those that have not been reaped.
  void add_to(std::unordered_set<pid_t>& all) const;

 private:
  void pause();

  boost::asio::io_context& loop_;
  events tell_;
  std::size_t wanted_ = 0;
  std::deque<standby> ready_;
  std::optional<standby> ordered_;
  std::unordered_set<pid_t> discarded_;  // until they have been reaped
  boost::asio::steady_timer pause_{loop_};
  boost::asio::steady_timer quiet_{loop_};
  bool is_pausing_ = false;
  std::chrono::milliseconds next_pause_{};
};

}  // namespace troupe::process_layer
