// Before the framework's own tests, compiled once more: actors that their host starts are on other nodes.
#pragma once

#include <troupe/manager.hpp>
#include <troupe/node.hpp>
#include <troupe/pipe.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// As `actor_system`, and a node; what is spawned from it is on a second node of this process, on this one, on a third, again on
/// the second, and so on: what actors say to each other is on its way between each two of three.
class system_on_nodes : public actor_system {
 public:
  explicit system_on_nodes(const system_options& options = {})
      : actor_system{options},
        first_{*this, node({})},
        second_{options, first_.address()},
        third_{options, first_.address()},
        places_{second_.as_node.self(), placement{}, third_.as_node.self()} {}

  /// Where what is spawned is, in turn.
  [[nodiscard]] const std::vector<placement>& places() const { return places_; }

  template <class A, class... Arguments>
  actor<A> spawn(const spawn_options& options, Arguments&&... arguments) {
    return actor_system::spawn<A>(there(options), std::forward<Arguments>(arguments)...);
  }
  template <class A, class... Arguments>
  requires(!detail::begins_with_options<Arguments...>) actor<A> spawn(Arguments&&... arguments) {
    return spawn<A>(spawn_options{}, std::forward<Arguments>(arguments)...);
  }
  template <auto Function, class... Arguments>
  process spawn(const spawn_options& options, Arguments&&... arguments) {
    return actor_system::spawn<Function>(there(options), std::forward<Arguments>(arguments)...);
  }
  template <auto Function, class... Arguments>
  requires(!detail::begins_with_options<Arguments...>) process spawn(Arguments&&... arguments) {
    return spawn<Function>(spawn_options{}, std::forward<Arguments>(arguments)...);
  }
  template <detail::by_object = detail::by_object{}, class Function, class... Arguments>
  process spawn(const spawn_options& options, Function function, Arguments&&... arguments) {
    return actor_system::spawn(there(options), function, std::forward<Arguments>(arguments)...);
  }
  template <detail::by_object = detail::by_object{}, class Function, class... Arguments>
  requires(!detail::begins_with_options<Function>) process
      spawn(Function function, Arguments&&... arguments) {
    return spawn(spawn_options{}, function, std::forward<Arguments>(arguments)...);
  }

 private:
  struct other {
    other(const system_options& options, const std::string& join)
        : system{options}, as_node{system, node({join})} {}
    actor_system system;
    cluster_node as_node;
  };
  static cluster_node_options node(std::vector<std::string> join) {
    return {.join = std::move(join), .heartbeat = std::chrono::seconds{2}};
  }
  [[nodiscard]] spawn_options there(spawn_options options) {
    options.on = places_[next_++ % places_.size()];
    return options;
  }

  cluster_node first_;
  other second_;
  other third_;
  std::vector<placement> places_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace troupe

#define actor_system system_on_nodes
