// Before the framework's own tests, compiled once more: each actor that their host starts is on another node.
#pragma once

#include <troupe/manager.hpp>
#include <troupe/node.hpp>
#include <troupe/pipe.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// As `actor_system`, and a node; what is spawned from it is on a second node of this process.
class system_on_nodes : public actor_system {
 public:
  explicit system_on_nodes(const system_options& options = {})
      : actor_system{options},
        there_{options},
        first_{*this, node({})},
        second_{there_, node({first_.address()})} {}

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
  static cluster_node_options node(std::vector<std::string> join) {
    return {.join = std::move(join), .heartbeat = std::chrono::seconds{2}};
  }
  [[nodiscard]] spawn_options there(spawn_options options) const {
    options.on = second_.self();
    return options;
  }

  actor_system there_;
  cluster_node first_, second_;
};

}  // namespace troupe

#define actor_system system_on_nodes
