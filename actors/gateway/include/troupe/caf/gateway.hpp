// The two systems that a service has which uses both: processes and CAF's actors.
#pragma once

#include <troupe/actor_system.hpp>
#include <troupe/detail/caf/version.hpp>

namespace troupe::caf {

/// Names the two systems for `spawn` and `from_caf`; owns neither, and both must outlive what is made by it. `Config` is what
/// a hosted actor's own `caf::actor_system` is configured by, in its process: name the class that announces your message
/// types, once, and they travel. It is made by its default constructor, there.
///
/// Whichever system is made last goes first; both orders are right. A value. Threads: any. Processes: the host.
template <class Config = ::caf::actor_system_config>
class gateway {
 public:
  gateway(actor_system& processes, ::caf::actor_system& actors) : processes_{&processes}, actors_{&actors} {}

  [[nodiscard]] actor_system& processes() const { return *processes_; }
  [[nodiscard]] ::caf::actor_system& actors() const { return *actors_; }

 private:
  actor_system* processes_;
  ::caf::actor_system* actors_;
};
gateway(actor_system&, ::caf::actor_system&)->gateway<>;

}  // namespace troupe::caf
