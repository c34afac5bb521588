// What an actor's process starts is its family and ends with it, also what has left its process group. Each member inherits
// the name of the family in its environment, unless it is started with another one.
#pragma once

#include "platform/process.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

namespace troupe::process_layer {

/// The environment variable: the process of the actor, in ten digits; zeros where there is none.
inline constexpr const char* family_variable = "TROUPE_ACTOR";

/// For the environment of a program that is to become actors, or to fork some: NAME=value, as long as every name.
[[nodiscard]] std::string room_for_a_family();

/// From now on the calling process, an actor's, is the head of a family: so it is written in `room_for_a_family`.
void head_a_family();

/// The head of the family that `member` is of; 0: of none. Nullopt where the kernel does not say now.
[[nodiscard]] std::optional<pid_t> family_of(pid_t member);

/// Kills what is left of the families of ended actors. The guardian's: whoever loses its parent becomes its child.
class family_watch {
 public:
  /// Heads of families, and others of ours: those that are not to be killed.
  using living = std::function<std::unordered_set<pid_t>()>;

  family_watch(boost::asio::io_context& loop, living ours) : pause_{loop}, ours_{std::move(ours)} {}

  /// Some child has ended, and been reaped: looks now, or soon where it has just looked, as often as that is needed.
  void child_has_ended();

 private:
  void look();
  [[nodiscard]] bool kill_strays() const;

  boost::asio::steady_timer pause_;
  living ours_;
  bool is_pausing_ = false;
  bool is_due_ = false;
  int in_vain_ = 0;  ///< looks since a child has ended
};

}  // namespace troupe::process_layer
