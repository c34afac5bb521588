// A dictionary that several processes share.
#pragma once

#include <troupe/detail/manager_actor.hpp>
#include <troupe/message.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

class manager;

namespace detail {

template <class K, class V>
class dict_object final : public managed_object {
 public:
  explicit dict_object(std::map<K, V> initial) : values_{std::move(initial)} {}

  V get(K key) { return at(key); }
  std::optional<V> find(K key) {
    const auto found = values_.find(key);
    return found == values_.end() ? std::nullopt : std::optional<V>{found->second};
  }
  bool contains(K key) { return values_.contains(key); }
  void set(K key, V value) { values_.insert_or_assign(std::move(key), std::move(value)); }
  bool insert(K key, V value) { return values_.try_emplace(std::move(key), std::move(value)).second; }
  bool erase(K key) { return values_.erase(key) != 0; }
  V take(K key) {
    V taken = std::move(at(key));
    values_.erase(key);
    return taken;
  }
  V add(K key, V more) {
    const auto found = values_.find(key);
    if (found != values_.end()) return add_to(found->second, more);
    values_.emplace(std::move(key), more);
    return more;
  }
  void clear() { values_.clear(); }
  std::uint64_t size() { return values_.size(); }
  std::vector<K> keys() {
    std::vector<K> all;
    all.reserve(values_.size());
    for (const auto& entry : values_) all.push_back(entry.first);
    return all;
  }
  std::map<K, V> items() { return values_; }

  template <auto Function, class... P>
  static auto update(dict_object& self, K key, P... arguments) {
    return update_or_leave<Function>(self.at(key), arguments...);
  }
  template <auto Function, class... P>
  static auto update_or(dict_object& self, K key, V initial, P... arguments) {
    const auto [at, made] = self.values_.try_emplace(std::move(key), std::move(initial));
    if (!made) return update_or_leave<Function>(at->second, arguments...);
    try {
      return update_or_leave<Function>(at->second, arguments...);
    } catch (...) {
      self.values_.erase(at);
      throw;
    }
  }

 private:
  V& at(const K& key) {
    const auto found = values_.find(key);
    if (found == values_.end())
      throw std::out_of_range{"troupe::dict: there is no key" + printed(key) + " in it"};
    return found->second;
  }
  std::map<K, V> values_;
};

}  // namespace detail

/// A dictionary in a manager's process; `manager::make_dict` makes one. A handle: copies name the same dictionary, and it
/// travels inside messages. Keys have `operator<`, and come in its order; keys and values are messages that can be copied.
///
/// Every member waits for the manager's answer, and is atomic: it happens as a whole, before or after any other. Throws
/// `actor_down` where the manager's process has ended, what keys' and values' own functions throw there, and
/// `std::logic_error` for a default-constructed handle.
///
/// Threads: any. Processes: any of the same system.
template <class K, class V>
class dict : public detail::managed_handle {
  static_assert(detail::check_message<K>() && detail::check_message<V>());
  using object = detail::dict_object<K, V>;

 public:
  using key_type = K;
  using mapped_type = V;
  dict() = default;

  /// The value of `key`. Throws `std::out_of_range`, which names the key, where there is none.
  [[nodiscard]] V get(const K& key) const { return call<object, &object::get>(key); }
  /// The same, `fallback` where there is none, which changes nothing.
  [[nodiscard]] V get_or(const K& key, V fallback) const { return find(key).value_or(std::move(fallback)); }
  [[nodiscard]] std::optional<V> find(const K& key) const { return call<object, &object::find>(key); }
  [[nodiscard]] bool contains(const K& key) const { return call<object, &object::contains>(key); }

  /// Gives `key` a value, whether it had one or not.
  void set(const K& key, const V& value) const { call<object, &object::set>(key, value); }
  /// Gives `key` a value if it has none; false, and nothing is changed, if it has.
  bool insert_if_absent(const K& key, const V& value) const {
    return call<object, &object::insert>(key, value);
  }
  /// Whether there was one.
  bool erase(const K& key) const { return call<object, &object::erase>(key); }
  /// Takes the value out. Throws `std::out_of_range` where there is none.
  [[nodiscard]] V take(const K& key) const { return call<object, &object::take>(key); }
  void clear() const { call<object, &object::clear>(); }

  /// Adds to a number, which is 0 where there was none; the sum. Throws `std::overflow_error`, and the value is as before,
  /// where an integer's sum is too large.
  V add(const K& key, V more) const requires(std::is_arithmetic_v<V> && !std::is_same_v<V, bool>) {
    return call<object, &object::add>(key, more);
  }

  /// Runs `function(value, arguments...)` in the manager's process, where it may change the value; what it returns. It is a
  /// function, or a lambda without captures; what it needs besides the value comes as arguments. Nothing comes between its
  /// reading and its writing. What it throws reaches the caller, and the value is as before: it works on a copy (on the
  /// value itself where it is noexcept). Others wait meanwhile; where it crashes, the manager's process does. Throws
  /// `std::out_of_range` where there is no such key.
  ///
  ///     stock.update("apples", [](int& left, int wanted) { return left >= wanted ? left -= wanted, true : false; }, 3);
  template <class Function, class... Arguments>
  auto update(const K& key, Function, const Arguments&... arguments) const {
    if constexpr (detail::check_object<Function>()) return update<Function{}>(key, arguments...);
  }
  template <auto Function, class... Arguments>
  auto update(const K& key, const Arguments&... arguments) const {
    if constexpr (detail::check_update<Function, V>()) {
      return apply<Function>(detail::updated_with<Function>{}, key, arguments...);
    }
  }

  /// As `update`, on `initial` where there is no such key: then that becomes its value, unless the function throws.
  template <class Function, class... Arguments>
  auto update_or(const K& key, const V& initial, Function, const Arguments&... arguments) const {
    if constexpr (detail::check_object<Function>()) return update_or<Function{}>(key, initial, arguments...);
  }
  template <auto Function, class... Arguments>
  auto update_or(const K& key, const V& initial, const Arguments&... arguments) const {
    if constexpr (detail::check_update<Function, V>()) {
      return apply_or<Function>(detail::updated_with<Function>{}, key, initial, arguments...);
    }
  }

  [[nodiscard]] std::size_t size() const { return call<object, &object::size>(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// Of one moment, as a copy.
  [[nodiscard]] std::vector<K> keys() const { return call<object, &object::keys>(); }
  [[nodiscard]] std::map<K, V> items() const { return call<object, &object::items>(); }

 private:
  friend class manager;
  using detail::managed_handle::managed_handle;

  template <auto Function, class... P, class... Arguments>
  auto apply(std::type_identity<std::tuple<P...>>, const K& key, const Arguments&... arguments) const {
    return call<object, &object::template update<Function, P...>>(key, arguments...);
  }
  template <auto Function, class... P, class... Arguments>
  auto apply_or(std::type_identity<std::tuple<P...>>, const K& key, const V& initial,
                const Arguments&... arguments) const {
    return call<object, &object::template update_or<Function, P...>>(key, initial, arguments...);
  }
};

}  // namespace troupe
