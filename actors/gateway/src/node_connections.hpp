// The connections of a CAF system, below its messages: what they may bring, and how they end.
#pragma once

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace troupe::detail {

/// CAF's broker keeps whatever it is sent, however long that is, waits for ever for those who say nothing, and tells nobody whom
/// it has sent away. This stands before it. It lives as long as the CAF system does.
///
/// Threads: any; what is done happens on CAF's network thread, which the broker's own functions are called on.
class connections : public std::enable_shared_from_this<connections> {
 public:
  /// A connection was ended here, and nobody else hears of it. Called on CAF's network thread.
  using listener = std::function<void(const std::string& who, const std::string& why)>;

  connections(caf::actor_system& system, listener refused);

  /// Begins to look at what comes. Once, before anybody can connect.
  void watch();
  /// Sends `last_words`, if there are any, from `own` to `whom`, and ends the connection with its node: nothing more is read.
  void end(const caf::actor& own, const caf::actor& whom, std::string last_words);
  /// Ends those that were accepted so long ago and at whose other end no node has introduced itself, and those at whose other end
  /// nobody reads.
  void end_useless(std::chrono::milliseconds patience);
  /// Has `run` called when what has been written by now was handed to the kernel, as far as that takes it, and what has been heard by
  /// now was said.
  void when_written(std::function<void()> run);

 private:
  using clock = std::chrono::steady_clock;
  using handle = caf::io::connection_handle;

  template <class Use>
  void on_network_thread(Use use);
  void stand_before_broker();
  void pass_on();
  void take(const caf::io::new_data_msg& came);
  /// Why nothing more may come from there; empty: let it come.
  [[nodiscard]] std::string objection(const caf::io::new_data_msg& came);
  [[nodiscard]] std::string describe(const handle& whom);
  void refuse(const handle& whom, const std::string& why);

  caf::actor_system& system_;
  caf::actor named_;
  caf::io::basp_broker& broker_;
  listener refused_;
  caf::behavior own_;                             // the broker's
  std::map<handle, clock::time_point> accepted_;  // without a node so far
};

}  // namespace troupe::detail
