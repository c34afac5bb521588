// A node's object as its process sees it: the user's class behind a few virtual functions.
#pragma once

#include <troupe/detail/topology/node_traits.hpp>
#include <troupe/detail/topology/packing.hpp>
#include <troupe/detail/topology/part.hpp>
#include <troupe/outlet.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

class role {
 public:
  role() = default;
  virtual ~role() = default;
  role(const role&) = delete;
  role& operator=(const role&) = delete;

  /// A source's item at `position`; false where there is none.
  virtual bool produce(std::uint64_t position, emitter& out) = 0;
  /// Handles one value that is read from `in`; false where it wants no more after this one.
  virtual bool handle(unpacker& in, emitter& out) = 0;
  /// At the end of the stream.
  virtual void finish(emitter& out) = 0;
  virtual packed result() = 0;
  /// Its state; empty where there is none to take down.
  virtual packed save() = 0;
  virtual void restore(std::span<const std::byte> state) = 0;
};

/// The user's object in its role. `Arguments` is the tuple that its constructor's arguments travel as.
template <class Node, class Arguments>
class role_of final : public role {
 public:
  explicit role_of(std::span<const std::byte> arguments)
      : object_(std::make_from_tuple<Node>(unpack<Arguments>(arguments))) {}

  bool produce(std::uint64_t position, emitter& out) override {
    if constexpr (is_source<Node>) {
      const auto item = object_.next(position);
      if (item) outlet<source_output<Node>>{out}.emit(*item);
      return item.has_value();
    }
    return false;
  }

  bool handle(unpacker& in, emitter& out) override {
    if constexpr (is_stage<Node>) {
      const auto value = in.template next<call_input<Node>>();
      outlet<call_output<Node>> to{out};
      return goes_on([&] { return object_(value, to); });
    } else if constexpr (is_sink<Node>) {
      const auto value = in.template next<call_input<Node>>();
      return goes_on([&] { return object_(value); });
    }
    return false;
  }

  void finish(emitter& out) override {
    if constexpr (is_stage<Node>) {
      outlet<call_output<Node>> to{out};
      if constexpr (has_finish<Node>) object_.finish(to);
    }
  }

  packed result() override {
    if constexpr (has_result<Node>) return pack(object_.result());
    return {};
  }

  packed save() override {
    if constexpr (has_save<Node>) return pack(object_.save());
    return {};
  }
  void restore(std::span<const std::byte> state) override {
    if constexpr (has_save<Node>)
      object_.restore(unpack<std::remove_cvref_t<decltype(object_.save())>>(state));
  }

  static std::unique_ptr<role> make(std::span<const std::byte> arguments) {
    return std::make_unique<role_of>(arguments);
  }
  static constexpr std::string_view name() { return __PRETTY_FUNCTION__; }
  static inline const part registered{name(), &make, may_leave<Node>, memory_of<Node>()};

 private:
  template <class Call>
  static bool goes_on(Call&& call) {
    if constexpr (std::same_as<decltype(call()), bool>) {
      return call();
    } else {
      call();
      return true;
    }
  }

  Node object_;
};

/// The key of an edge: a data member, a member function or a captureless function of the item.
template <class Item, auto Key>
struct keyed_route {
  static std::uint64_t hash(const void* item) {
    using key = std::remove_cvref_t<std::invoke_result_t<decltype(Key), const Item&>>;
    return hash_of(pack<key>(std::invoke(Key, *static_cast<const Item*>(item))));
  }
  static constexpr std::string_view name() { return __PRETTY_FUNCTION__; }
  static inline const part registered{name(), &hash};
};

/// For pictures: "word" of `&entry::word`; "key" of a function without a name.
template <auto Key>
constexpr std::string_view key_name() {
  constexpr std::string_view pretty = __PRETTY_FUNCTION__;
  constexpr auto from = pretty.find("Key = ") + 6;
  constexpr auto text = pretty.substr(from, pretty.find_first_of(";]", from) - from);
  if constexpr (text.find("lambda") != text.npos) return "key";
  constexpr auto name =
      text.substr(0, text.find_last_not_of(')') + 1);  // GCC writes (& entry::word) or &entry::word
  return name.substr(name.find_last_of(":& ") + 1);
}

}  // namespace troupe::detail
