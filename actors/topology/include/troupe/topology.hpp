// A graph of actors as a value: it can be run, drawn and described.
//
//   troupe::topology graph{"word_count"};
//   auto files = graph.source<walker>("files", folder);
//   auto count = graph.stage<counter>("count", {.replicas = 4});
//   auto merge = graph.sink<merger>("merge", {.replicas = 2});
//   graph.connect(files, count);                               // each item to whichever replica is free
//   graph.connect(count, merge, troupe::by_key<&entry::word>);   // items of one key to one replica
//   troupe::run_report report = graph.run(system);
#pragma once

#include <troupe/actor_system.hpp>
#include <troupe/chaos.hpp>
#include <troupe/detail/topology/graph.hpp>
#include <troupe/detail/topology/node_traits.hpp>
#include <troupe/detail/topology/role.hpp>
#include <troupe/outlet.hpp>
#include <troupe/run_report.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

struct node_options {
  detail::not_from_braces only_named{};
  unsigned replicas = 1;  ///< processes of this node
};

/// An edge whose items go to whichever replica of the next node is free, each to one. An item larger than the bounds
/// still passes.
struct by_queue {
  detail::not_from_braces only_named{};
  std::size_t capacity = 8192;  ///< items waiting at the next node before the one behind waits
  std::size_t capacity_bytes = std::size_t{4} << 20;  ///< the same in bytes
};

/// An edge whose items go by their key: those with equal keys to the same replica of the next node. The key is a data
/// member (`by_key<&entry::word>`), a member function, or a captureless function of the item (`by_key<[](const entry& e) {
/// return e.word; }>`); any message type, equal where its encoded bytes are.
template <auto Key>
struct by_key_of {
  std::size_t capacity = 8192;  ///< as `by_queue`, for each replica
  std::size_t capacity_bytes = std::size_t{4} << 20;
};
template <auto Key>
inline constexpr by_key_of<Key> by_key{};

/// An edge that carries each item to every replica of the next node.
struct to_all {
  std::size_t capacity = 8192;  ///< as `by_queue`, for each replica
  std::size_t capacity_bytes = std::size_t{4} << 20;
};
inline constexpr to_all broadcast{};

/// An edge along which items arrive in the order in which their source made them, though replicas made them side by side:
/// what comes early waits in a process between. Its first node is a source, or a stage that sources alone lead to, by queue or
/// by key. Items of different sources have no order among each other; what a stage gives at the end of its stream comes
/// last. The next node's replicas, where there are several, are given the items in that order.
struct in_source_order {
  std::size_t capacity = 8192;  ///< as `by_queue`
  std::size_t capacity_bytes = std::size_t{4} << 20;
  std::uint64_t window =
      1024;  ///< how far a source may be ahead of the last item that is in order: bounds what waits
};
inline constexpr in_source_order in_order{};

/// A node of one topology, for connecting it. `In` is void for a source, `Out` for a sink.
template <class In, class Out, class Result = void>
struct node {
  std::uint32_t index = 0;
};

/// Makes the result of a run from the results of a sink's replicas and the report so far.
template <class Result>
using conclusion = std::function<summary(std::vector<Result> results, const run_report& so_far)>;

/// How far a run has come, for people.
struct progress {
  struct node_progress {
    std::string name;
    std::uint64_t handled = 0;  ///< items given by a source, taken by another
    std::optional<std::uint64_t>
        total{};  ///< how many there will be, where a job knows: the launcher draws a bar
  };
  std::vector<node_progress> nodes{};
  std::chrono::duration<double> elapsed{};
};

struct run_options {
  detail::not_from_braces only_named{};
  std::function<void(const progress&)> on_progress{};  ///< in the thread that called `run`
  std::chrono::milliseconds progress_interval = std::chrono::milliseconds{100};
  /// Deaths that one item may be at hand at, of processes that nobody killed on purpose, before the run ends with an error
  /// that names it. Also the deaths in a row of a process that has not got to any item. 1: the first death ends the run.
  unsigned max_attempts = 10;
  unsigned max_restarts = 100;           ///< times that the whole run may begin again
  std::optional<chaos_options> chaos{};  ///< faults on purpose
  /// Where the stages' replicas are, each at the next of these places: `cluster_node::places`. Sources, sinks and what is
  /// between are here. What a place's node, being down, cannot have, the next place has, and this system where all are.
  std::vector<placement> nodes{};
};

/// A graph of actors: sources, stages and sinks, each in one process or several alike, and edges between them.
///
/// A node is an object of a plain class, constructed in its own process from the arguments given here:
///
///   source   std::optional<Out> next(std::uint64_t position);   the item at that position of one sequence; nullopt after
///                                                               the last. Replicas share the positions out among them
///   stage    void operator()(const In&, outlet<Out>&);          any number of items out for each item in
///            void finish(outlet<Out>&);                         optional: what it gives at the end of its stream
///   sink     void operator()(const In&);
///            Result result();                                   optional: asked at the end of its stream
///
/// A call operator may return bool: false means that this replica wants no more items; others go on. A class whose call
/// throws `item_failed` gives that item up; another exception ends the run.
///
/// ## Deaths
/// are healed, so that each item is completed once, by two promises of the classes: `next` gives the same item for the same
/// position, in every process, and a stage gives the same for the same item. Then a process that dies is replaced, or, where
/// a sink's result or a stage's state is lost with it, the run begins again from its sources. A class keeps its state
/// with `State save() const` and `void restore(const State&)`, `State` being any message type: `save` is called between two
/// items, as often as costs a twentieth of the time at most. What a call does outside may be done again.
///
/// ## Ending
/// The end of the stream flows by itself: a node's stream ends when every replica before it has ended and its inbox is
/// empty.
///
/// A value: copies are independent, and a topology can be run many times. Not thread-safe while it is being built.
class topology {
 public:
  explicit topology(std::string name) { graph_.name = std::move(name); }

  template <class Source, class... Arguments>
  auto source(std::string name, const node_options& options, Arguments&&... arguments) {
    detail::check_source<Source>();
    return node<void, detail::source_output<Source>>{add<Source>(
        detail::node_kind::source, std::move(name), options, std::forward<Arguments>(arguments)...)};
  }
  template <class Stage, class... Arguments>
  auto stage(std::string name, const node_options& options, Arguments&&... arguments) {
    detail::check_stage<Stage>();
    return node<detail::call_input<Stage>, detail::call_output<Stage>>{add<Stage>(
        detail::node_kind::stage, std::move(name), options, std::forward<Arguments>(arguments)...)};
  }
  template <class Sink, class... Arguments>
  auto sink(std::string name, const node_options& options, Arguments&&... arguments) {
    detail::check_sink<Sink>();
    return node<detail::call_input<Sink>, void, typename detail::result_of<Sink>::type>{
        add<Sink>(detail::node_kind::sink, std::move(name), options, std::forward<Arguments>(arguments)...)};
  }

  /// The same with one replica.
  template <class Source, class... Arguments>
  requires(!detail::begins_with<node_options, Arguments...>) auto source(std::string name,
                                                                         Arguments&&... arguments) {
    return source<Source>(std::move(name), node_options{}, std::forward<Arguments>(arguments)...);
  }
  template <class Stage, class... Arguments>
  requires(!detail::begins_with<node_options, Arguments...>) auto stage(std::string name,
                                                                        Arguments&&... arguments) {
    return stage<Stage>(std::move(name), node_options{}, std::forward<Arguments>(arguments)...);
  }
  template <class Sink, class... Arguments>
  requires(!detail::begins_with<node_options, Arguments...>) auto sink(std::string name,
                                                                       Arguments&&... arguments) {
    return sink<Sink>(std::move(name), node_options{}, std::forward<Arguments>(arguments)...);
  }

  /// Lets what `from` gives go to `to`. A node may have several edges out, each of which carries every item, and several
  /// in: all by queue or in order, or all by key or broadcast.
  template <class In, class Item, class None, class Taken, class Out, class Result>
  void connect(const node<In, Item, None>& from, const node<Taken, Out, Result>& to,
               const by_queue& how = {}) {
    check_edge<Item, Taken>();
    graph_.connect({from.index, to.index, {}, {}, how.capacity, how.capacity_bytes});
  }
  template <class In, class Item, class None, class Taken, class Out, class Result, std::same_as<to_all> How>
  void connect(const node<In, Item, None>& from, const node<Taken, Out, Result>& to, const How& how) {
    check_edge<Item, Taken>();
    graph_.connect({from.index, to.index, {}, {}, how.capacity, how.capacity_bytes, true});
  }
  template <class In, class Item, class None, class Taken, class Out, class Result,
            std::same_as<in_source_order> How>
  void connect(const node<In, Item, None>& from, const node<Taken, Out, Result>& to, const How& how) {
    check_edge<Item, Taken>();
    graph_.connect({from.index, to.index, {}, {}, how.capacity, how.capacity_bytes, false, how.window, true});
  }
  template <class In, class Item, class None, class Taken, class Out, class Result, auto Key>
  void connect(const node<In, Item, None>& from, const node<Taken, Out, Result>& to,
               const by_key_of<Key>& how) {
    check_edge<Item, Taken>();
    static_assert(std::is_invocable_v<decltype(Key), const Item&>,
                  "troupe: by_key's key cannot be taken of the edge's items");
    graph_.connect({from.index, to.index, detail::keyed_route<Item, Key>::registered.id(),
                    std::string{detail::key_name<Key>()}, how.capacity, how.capacity_bytes});
  }

  /// Says what a run gives: `make` is called once, in the process that runs the topology, with the results of the sink's
  /// replicas and the report so far.
  template <class In, class Result>
  void conclude(const node<In, void, Result>& sink, std::type_identity_t<conclusion<Result>> make) {
    static_assert(!std::is_void_v<Result>, "troupe: conclude is for a sink with a `Result result()`");
    graph_.conclude(sink.index, [make = std::move(make)](const std::vector<detail::packed>& parts,
                                                         const run_report& report) {
      std::vector<Result> results;
      results.reserve(parts.size());
      for (const auto& part : parts) results.push_back(unpack<Result>(part));
      return make(std::move(results), report);
    });
  }

  /// Runs it to its end in processes of `system`, of which none is left afterwards. Blocks. What goes wrong while it runs
  /// is in the report: an item that killed those who took it, a lost item. Throws `std::invalid_argument`, before anything is started, where the graph
  /// makes no sense (a cycle, a node that nothing leads to), and `start_failed`, `system_stopped`.
  run_report run(actor_system& system, const run_options& options = {}) const;

  [[nodiscard]] const std::string& name() const { return graph_.name; }
  [[nodiscard]] std::string dot() const;       ///< a picture for Graphviz
  [[nodiscard]] std::string mermaid() const;   ///< a picture for Markdown
  [[nodiscard]] std::string describe() const;  ///< a line for each node and edge

 private:
  template <class Node, class... Arguments>
  std::uint32_t add(detail::node_kind kind, std::string name, const node_options& options,
                    Arguments&&... arguments) {
    using sent = std::tuple<detail::sent_as<Arguments>...>;
    static_assert(std::is_constructible_v<Node, detail::sent_as<Arguments>...>,
                  "troupe: the node's class has no constructor for these arguments");
    static_assert(detail::is_message<sent>(),
                  "troupe: an argument of the node's constructor is not a message type");
    return graph_.add({std::move(name), kind, options.replicas, detail::role_of<Node, sent>::registered.id(),
                       pack(sent{std::forward<Arguments>(arguments)...})});
  }
  template <class Given, class Taken>
  static consteval void check_edge() {
    static_assert(!std::is_void_v<Given>, "troupe: nothing leaves a sink");
    static_assert(!std::is_void_v<Taken>, "troupe: nothing leads to a source");
    static_assert(std::is_same_v<Given, Taken>,
                  "troupe: the edge's first node gives another type than its second takes");
  }

  detail::graph graph_;
};

}  // namespace troupe
