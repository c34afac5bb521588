// A value that several processes share, as a whole or field by field.
#pragma once

#include <troupe/detail/manager_actor.hpp>
#include <troupe/message.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe {

class manager;

namespace detail {

/// Of `Field T::*`.
template <class Member>
struct field_of;
template <class Field, class T>
struct field_of<Field T::*> {
  using type = Field;
};

template <class T>
class record_object final : public managed_object {
  template <auto Field>
  using field = typename field_of<decltype(Field)>::type;

 public:
  explicit record_object(T initial) : value_{std::move(initial)} {}

  T get() { return value_; }
  void set(T value) { value_ = std::move(value); }
  T exchange(T value) { return std::exchange(value_, std::move(value)); }
  T add(T more) { return add_to<T>(value_, more); }

  template <auto Field>
  field<Field> get_field() {
    return value_.*Field;
  }
  template <auto Field>
  void set_field(field<Field> value) {
    value_.*Field = std::move(value);
  }
  template <auto Field>
  field<Field> add_to_field(field<Field> more) {
    return add_to<field<Field>>(value_.*Field, more);
  }
  template <auto Function, class... P>
  static auto update(record_object& self, P... arguments) {
    return update_or_leave<Function>(self.value_, arguments...);
  }

 private:
  T value_;
};

}  // namespace detail

/// A value in a manager's process, usually a plain struct; `manager::make_record` makes one. A handle: copies name the same
/// record, and it travels inside messages.
///
///     struct counts { long pages = 0; long failed = 0; };
///     auto shared = manager.make_record(counts{});
///     shared.add<&counts::pages>(1);                                      // one field
///     shared.update([](counts& all) { all.failed += all.pages; });       // several, together
///
/// Every member waits for the manager's answer, and is atomic: it happens as a whole, before or after any other. Throws as
/// `dict` does.
///
/// Threads: any. Processes: any of the same system.
template <class T>
class record : public detail::managed_handle {
  static_assert(detail::check_message<T>());
  using object = detail::record_object<T>;
  template <auto Field>
  using field = typename detail::field_of<decltype(Field)>::type;
  template <class N>
  static constexpr bool adds = std::is_arithmetic_v<N> && !std::is_same_v<N, bool>;

 public:
  using value_type = T;
  record() = default;

  [[nodiscard]] T get() const { return call<object, &object::get>(); }
  void set(const T& value) const { call<object, &object::set>(value); }
  /// Sets it, and returns what it was.
  [[nodiscard]] T exchange(const T& value) const { return call<object, &object::exchange>(value); }
  /// As `dict::add`, where the value is a number.
  T add(T more) const requires(adds<T>) { return call<object, &object::add>(more); }

  /// One field alone: the others are not touched.
  template <auto Field>
  [[nodiscard]] field<Field> get() const {
    return call<object, &object::template get_field<Field>>();
  }
  template <auto Field>
  void set(const field<Field>& value) const {
    call<object, &object::template set_field<Field>>(value);
  }
  template <auto Field>
  field<Field> add(field<Field> more) const requires(adds<field<Field>>) {
    return call<object, &object::template add_to_field<Field>>(more);
  }

  /// Runs `function(value, arguments...)` in the manager's process: as `dict::update`, on the whole value.
  template <class Function, class... Arguments>
  auto update(Function, const Arguments&... arguments) const {
    if constexpr (detail::check_object<Function>()) return update<Function{}>(arguments...);
  }
  template <auto Function, class... Arguments>
  auto update(const Arguments&... arguments) const {
    if constexpr (detail::check_update<Function, T>()) {
      return apply<Function>(detail::updated_with<Function>{}, arguments...);
    }
  }

 private:
  friend class manager;
  using detail::managed_handle::managed_handle;

  template <auto Function, class... P, class... Arguments>
  auto apply(std::type_identity<std::tuple<P...>>, const Arguments&... arguments) const {
    return call<object, &object::template update<Function, P...>>(arguments...);
  }
};

}  // namespace troupe
