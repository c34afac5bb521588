// What the class of a node takes and gives, read off its member functions, and the sentences for those that do not fit.
#pragma once

#include <troupe/message.hpp>
#include <troupe/outlet.hpp>

#include <cstdint>
#include <optional>
#include <type_traits>

namespace troupe::detail {

struct nothing {};  // in place of a type that could not be read; the sentence has been said by then

template <class Member>
struct member_signature {
  using result = nothing;
  using first = nothing;
};
template <class R, class C, class... P>
struct member_signature<R (C::*)(P...)> {
  using result = R;
  using first = nothing;
};
template <class R, class C, class P>
struct member_signature<R (C::*)(P)> {
  using result = R;
  using first = std::remove_cvref_t<P>;
};
template <class R, class C, class P, class Out>
struct member_signature<R (C::*)(P, outlet<Out>&)> {
  using result = R;
  using first = std::remove_cvref_t<P>;
  using output = Out;
};
template <class R, class C, class... P>
struct member_signature<R (C::*)(P...) const> : member_signature<R (C::*)(P...)> {};
template <class R, class C, class... P>
struct member_signature<R (C::*)(P...) noexcept> : member_signature<R (C::*)(P...)> {};
template <class R, class C, class... P>
struct member_signature<R (C::*)(P...) const noexcept> : member_signature<R (C::*)(P...)> {};

template <class T>
struct optional_of {
  using type = nothing;
};
template <class T>
struct optional_of<std::optional<T>> {
  using type = T;
};

template <class Node>
struct next_of {
  using signature = member_signature<void>;
};
template <class Node>
requires requires { &Node::next; }
struct next_of<Node> {
  using signature = member_signature<decltype(&Node::next)>;
};
template <class Node>
struct call_of {
  using signature = member_signature<void>;
};
template <class Node>
requires requires { &Node::operator(); }
struct call_of<Node> {
  using signature = member_signature<decltype(&Node::operator())>;
};

template <class Node>
using source_output = typename optional_of<typename next_of<Node>::signature::result>::type;
template <class Node>
using call_input = typename call_of<Node>::signature::first;

template <class Signature>
struct output_of_signature {
  using type = nothing;
};
template <class Signature>
requires requires { typename Signature::output; }
struct output_of_signature<Signature> {
  using type = typename Signature::output;
};
template <class Node>
using call_output = typename output_of_signature<typename call_of<Node>::signature>::type;

template <class Node>
inline constexpr bool is_source = !std::is_same_v<source_output<Node>, nothing> &&
                                  std::is_same_v<typename next_of<Node>::signature::first, std::uint64_t>;
template <class Node>
inline constexpr bool is_stage = !std::is_same_v<call_output<Node>, nothing>;
template <class Node>
inline constexpr bool is_sink = !is_stage<Node> && !std::is_same_v<call_input<Node>, nothing>;

template <class Node>
inline constexpr bool has_result = requires(Node& node) {
  node.result();
};
template <class Node>
struct result_of {
  using type = void;
};
template <class Node>
requires has_result<Node>
struct result_of<Node> {
  using type = std::remove_cvref_t<decltype(std::declval<Node&>().result())>;
};

/// Whether its state can be taken down and given to another object: `State save() const` and `void restore(const State&)`.
template <class Node>
inline constexpr bool has_save = requires(Node& node) {
  node.restore(node.save());
};
template <class Node>
inline constexpr bool has_finish = requires(Node& node, outlet<call_output<Node>>& out) {
  node.finish(out);
};

/// What is lost with an object.
enum class node_memory : std::uint8_t {
  none,   ///< nothing: another does as well
  saved,  ///< nothing that `restore` does not bring back
  only,   ///< what it has seen
};
template <class Node>
consteval node_memory memory_of() {
  if (has_save<Node>) return node_memory::saved;
  return has_result<Node> || has_finish<Node> ? node_memory::only : node_memory::none;
}

/// Whether its call operator says if it wants more.
template <class Node>
inline constexpr bool may_leave = std::is_same_v<typename call_of<Node>::signature::result, bool>;

template <class Node>
consteval void check_save() {
  if constexpr (has_save<Node>) {
    static_assert(is_message<std::remove_cvref_t<decltype(std::declval<Node&>().save())>>(),
                  "troupe: what the node's save gives is not a message type: it cannot be kept elsewhere");
  }
}

template <class Node>
consteval void check_source() {
  static_assert(is_source<Node>,
                "troupe: a source is a class with `std::optional<Out> next(std::uint64_t position)`, once");
  static_assert(!is_source<Node> || is_message<source_output<Node>>(),
                "troupe: what the source gives is not a message type: it cannot travel to another process");
}

template <class Node>
consteval void check_stage() {
  static_assert(is_stage<Node>,
                "troupe: a stage is a class with `void operator()(const In&, troupe::outlet<Out>&)`, once");
  static_assert(
      !is_stage<Node> || (is_message<call_input<Node>>() && is_message<call_output<Node>>()),
      "troupe: what the stage takes or gives is not a message type: it cannot travel to another process");
  check_save<Node>();
}

template <class Node>
consteval void check_sink() {
  static_assert(is_sink<Node>, "troupe: a sink is a class with `void operator()(const In&)`, once");
  static_assert(!is_sink<Node> || is_message<call_input<Node>>(),
                "troupe: what the sink takes is not a message type: it cannot travel to another process");
  if constexpr (has_result<Node>) {
    static_assert(is_message<typename result_of<Node>::type>(),
                  "troupe: the sink's result is not a message type");
  }
  check_save<Node>();
}

}  // namespace troupe::detail
