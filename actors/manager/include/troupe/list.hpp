// A list that several processes share.
#pragma once

#include <troupe/detail/manager_actor.hpp>
#include <troupe/message.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

class manager;

namespace detail {

template <class T>
class list_object final : public managed_object {
 public:
  explicit list_object(std::vector<T> initial) : values_{std::move(initial)} {}

  T at(std::uint64_t index) { return values_[checked(index)]; }
  void set(std::uint64_t index, T value) { values_[checked(index)] = std::move(value); }
  void push_back(T value) { values_.push_back(std::move(value)); }
  T pop_back() {
    if (values_.empty()) throw std::out_of_range{"troupe::list: nothing can be taken out: the list is empty"};
    T last = std::move(values_.back());
    values_.pop_back();
    return last;
  }
  std::optional<T> take_front() {
    if (values_.empty()) return std::nullopt;
    std::optional<T> first{std::move(values_.front())};
    values_.erase(values_.begin());
    return first;
  }
  void extend(std::vector<T> more) {
    values_.insert(values_.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  void erase(std::uint64_t index) {
    values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(checked(index)));
  }
  void clear() { values_.clear(); }
  void sort() { std::sort(values_.begin(), values_.end()); }
  T add(std::uint64_t index, T more) { return add_to<T>(values_[checked(index)], more); }
  std::uint64_t size() { return values_.size(); }
  std::vector<T> snapshot() { return values_; }

  template <auto Function, class... P>
  static auto update(list_object& self, std::uint64_t index, P... arguments) {
    return update_or_leave<Function>(self.values_[self.checked(index)], arguments...);
  }

 private:
  std::size_t checked(std::uint64_t index) const {
    if (index < values_.size()) return static_cast<std::size_t>(index);
    throw std::out_of_range{"troupe::list: there is no index " + std::to_string(index) + ": the list has " +
                            std::to_string(values_.size()) +
                            (values_.size() == 1 ? " element" : " elements")};
  }
  std::vector<T> values_;
};

}  // namespace detail

/// A list in a manager's process; `manager::make_list` makes one. A handle: copies name the same list, and it travels inside
/// messages. Elements are messages that can be copied.
///
/// Every member waits for the manager's answer, and is atomic: it happens as a whole, before or after any other. An index
/// that is not there throws `std::out_of_range`, which names it. Throws as `dict` does otherwise.
///
/// Threads: any. Processes: any of the same system.
template <class T>
class list : public detail::managed_handle {
  static_assert(detail::check_message<T>());
  using object = detail::list_object<T>;

 public:
  using value_type = T;
  list() = default;

  [[nodiscard]] T at(std::size_t index) const { return call<object, &object::at>(index); }
  void set(std::size_t index, const T& value) const { call<object, &object::set>(index, value); }

  void push_back(const T& value) const { call<object, &object::push_back>(value); }
  /// Puts all of `more` behind the last, together.
  void extend(const std::vector<T>& more) const { call<object, &object::extend>(more); }
  /// Takes the last one out. Throws `std::out_of_range` where the list is empty.
  T pop_back() const { return call<object, &object::pop_back>(); }
  /// Takes the first one out; nullopt where the list is empty.
  [[nodiscard]] std::optional<T> take_front() const { return call<object, &object::take_front>(); }
  void erase(std::size_t index) const { call<object, &object::erase>(index); }
  void clear() const { call<object, &object::clear>(); }
  /// By `operator<`.
  void sort() const { call<object, &object::sort>(); }

  /// As `dict::add`, for an element that is there.
  T add(std::size_t index, T more) const requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
    return call<object, &object::add>(index, more);
  }

  /// Runs `function(element, arguments...)` in the manager's process: as `dict::update`.
  template <class Function, class... Arguments>
  auto update(std::size_t index, Function, const Arguments&... arguments) const {
    if constexpr (detail::check_object<Function>()) return update<Function{}>(index, arguments...);
  }
  template <auto Function, class... Arguments>
  auto update(std::size_t index, const Arguments&... arguments) const {
    if constexpr (detail::check_update<Function, T>()) {
      return apply<Function>(detail::updated_with<Function>{}, index, arguments...);
    }
  }

  [[nodiscard]] std::size_t size() const { return call<object, &object::size>(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// All elements, of one moment, as a copy.
  [[nodiscard]] std::vector<T> snapshot() const { return call<object, &object::snapshot>(); }

 private:
  friend class manager;
  using detail::managed_handle::managed_handle;

  template <auto Function, class... P, class... Arguments>
  auto apply(std::type_identity<std::tuple<P...>>, std::size_t index, const Arguments&... arguments) const {
    return call<object, &object::template update<Function, P...>>(index, arguments...);
  }
};

}  // namespace troupe
