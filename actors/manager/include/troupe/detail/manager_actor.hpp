// A manager's process: objects of any kind, each with a number, and functions that run on them.
//
//   dict<K, V> ──┐ call<&dict_object<K, V>::add>(3, "apples", 2)
//   list<T> ─────┼─▶ manager_actor ── 3: dict_object<K, V>, 4: list_object<T>, ...
//   record<T> ───┘                    one call after another: nothing comes between a read and the write that follows it
#pragma once

#include <troupe/actor_system.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace troupe::detail {

/// Names an object of a manager.
enum class object_number : std::uint64_t {};

/// What a manager keeps. Not thread-safe, as any actor's state.
class managed_object {
 public:
  managed_object() = default;
  managed_object(const managed_object&) = delete;
  managed_object& operator=(const managed_object&) = delete;
  virtual ~managed_object() = default;
};

/// The manager. Its members are the messages; they are static as a pool worker's are.
class manager_actor {
 public:
  template <class Object, class... Initial>
  static object_number make(manager_actor& self, Initial... initial) {
    const object_number number{++self.made_};
    self.objects_.emplace(number, std::make_unique<Object>(std::move(initial)...));
    return number;
  }

  /// Runs `Method` on an object. What it throws goes to the caller; the manager lives on.
  template <class Object, auto Method, class... P>
  static auto call(manager_actor& self, object_number number, P... arguments) {
    const auto found = self.objects_.find(number);
    auto* const object = found == self.objects_.end() ? nullptr : dynamic_cast<Object*>(found->second.get());
    if (object == nullptr) throw std::logic_error{"troupe::manager: a handle of an object that is not here"};
    return std::invoke(Method, *object, std::move(arguments)...);
  }

 private:
  std::uint64_t made_ = 0;
  std::unordered_map<object_number, std::unique_ptr<managed_object>> objects_;
};

inline actor<manager_actor> spawn_manager(actor_system& system, std::string name) {
  static std::atomic<int> made{0};
  spawn_options options;
  options.name = !name.empty() ? std::move(name) : "manager-" + std::to_string(++made);
  return system.spawn<manager_actor>(options);
}

/// What the handles have in common: whose object it is, and which.
class managed_handle {
 public:
  /// Whether two handles name the same object.
  friend bool operator==(const managed_handle& a, const managed_handle& b) {
    return a.number_ == b.number_ && a.manager_ == b.manager_;
  }

  /// The manager's process, for watching and ending it. Its objects end with it.
  [[nodiscard]] process handle() const { return checked(); }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(manager_, number_);
  }

 protected:
  managed_handle() = default;
  managed_handle(actor<manager_actor> manager, object_number number)
      : manager_{std::move(manager)}, number_{number} {}

  /// Waits for the manager's answer.
  template <class Object, auto Method, class... Arguments>
  auto call(Arguments&&... arguments) const {
    return call_as<Object, Method>(
        std::type_identity<typename handler_traits<Object, decltype(Method)>::parameters>{},
        std::forward<Arguments>(arguments)...);
  }

 private:
  template <class Object, auto Method, class... P, class... Arguments>
  auto call_as(std::type_identity<std::tuple<P...>>, Arguments&&... arguments) const {
    return checked()
        .template ask<&manager_actor::call<Object, Method, P...>>(number_,
                                                                  std::forward<Arguments>(arguments)...)
        .get();
  }
  [[nodiscard]] const actor<manager_actor>& checked() const {
    if (number_ == object_number{}) throw std::logic_error{"troupe::manager: a handle that names no object"};
    return manager_;
  }

  actor<manager_actor> manager_;
  object_number number_{};
};

/// What a function takes behind the value that it changes, as values.
template <class Parameters>
struct behind_the_first;
template <class First, class... Rest>
struct behind_the_first<std::tuple<First, Rest...>> {
  using type = std::tuple<std::remove_cvref_t<Rest>...>;
};

template <auto Function>
using updated_with = std::type_identity<
    typename behind_the_first<typename callable_traits<decltype(Function)>::parameters>::type>;

/// Whether `Function` can change a `T` in the manager's process; says why not.
template <auto Function, class T>
consteval bool check_update() {
  using traits = callable_traits<decltype(Function)>;
  if constexpr (!traits::known) {
    static_assert(traits::known,
                  "troupe: an update needs to know what the function takes: a function, or a lambda without "
                  "captures whose parameters have their types written");
    return false;
  } else if constexpr (std::tuple_size_v<typename traits::parameters> == 0) {
    static_assert(
        std::tuple_size_v<typename traits::parameters> != 0,
        "troupe: the function of an update takes the value to be changed first: [](value& v) {...}");
    return false;
  } else {
    constexpr bool takes = std::is_convertible_v<T&, std::tuple_element_t<0, typename traits::parameters>>;
    static_assert(takes,
                  "troupe: the function of an update takes the value to be changed first, as a reference");
    return takes;
  }
}

/// Runs `Function` on a copy of `value`, which takes the value's place when nothing was thrown; on the value itself where the
/// function is noexcept.
template <auto Function, class T, class... P>
auto update_or_leave(T& value, P&... arguments) {
  using result = std::invoke_result_t<decltype(Function), T&, P...>;
  if constexpr (std::is_nothrow_invocable_v<decltype(Function), T&, P...>) {
    if constexpr (std::is_void_v<result>) {
      Function(value, std::move(arguments)...);
    } else {
      return std::remove_cvref_t<result>(Function(value, std::move(arguments)...));
    }
  } else {
    T changed = value;
    if constexpr (std::is_void_v<result>) {
      Function(changed, std::move(arguments)...);
      value = std::move(changed);
    } else {
      auto answer = std::remove_cvref_t<result>(Function(changed, std::move(arguments)...));
      value = std::move(changed);
      return answer;
    }
  }
}

/// `value + more`. Throws `std::overflow_error`, and leaves integers as they are, where there is no such number.
template <class T>
T add_to(T& value, const T& more) {
  if constexpr (std::is_integral_v<T>) {
    T sum{};
    if (__builtin_add_overflow(value, more, &sum))
      throw std::overflow_error{"troupe::manager: the sum is no number of its type; the value is as before"};
    value = sum;
  } else {
    value += more;
  }
  return value;
}

/// For messages of errors: " 7", or nothing where a `T` cannot be printed.
template <class T>
std::string printed(const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return " '" + std::string{std::string_view{value}} + "'";
  } else if constexpr (requires(std::ostream & out) { out << value; }) {
    std::ostringstream text;
    text << ' ' << value;
    return text.str();
  } else {
    return {};
  }
}

}  // namespace troupe::detail
