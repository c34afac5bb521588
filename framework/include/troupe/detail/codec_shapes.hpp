// What types look like to the codec. Types of the standard library are known by what they can do, so that nobody pays for
// a header that they do not use; a user's class that only looks like one must be a class template over the same things.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// A type that travels as another: `static Form to(const T&)` and `static T from(Form, endpoint*)`. For handles.
template <class T>
struct wire_form;
template <class T>
concept has_wire_form = requires(const T& value) {
  wire_form<T>::to(value);
};

/// Whether sending takes the value away from its sender: `static void sent(const T&)`.
template <class T>
concept gives_away = requires(const T& value) {
  wire_form<T>::sent(value);
};

template <class T>
concept number = std::is_arithmetic_v<T> || std::is_enum_v<T>;

template <class T>
concept is_complete = std::is_void_v<T> || std::is_reference_v<T> || requires {
  sizeof(T);
};

/// Of what is in the sender's memory and then in the message: for parameters only.
template <class T>
inline constexpr bool is_view = std::is_same_v<T, std::string_view>;
template <class T>
inline constexpr bool is_view<std::span<const T>> = number<T> && !std::is_same_v<T, bool>;

/// Any view: none of them is a value.
template <class T>
inline constexpr bool looks_elsewhere = false;
template <class C, class Traits>
inline constexpr bool looks_elsewhere<std::basic_string_view<C, Traits>> = true;
template <class T, std::size_t N>
inline constexpr bool looks_elsewhere<std::span<T, N>> = true;

template <class T>
inline constexpr bool is_owning_pointer = false;
template <class T, class D>
inline constexpr bool is_owning_pointer<std::unique_ptr<T, D>> = true;
template <class T>
inline constexpr bool is_owning_pointer<std::shared_ptr<T>> = true;
template <class T>
inline constexpr bool is_owning_pointer<std::weak_ptr<T>> = true;

template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;

/// `C<T...>`, and no aggregate: what derives from such a type has more to it than its elements.
template <class T>
struct template_of {
  static constexpr bool matches = false;
};
template <template <class...> class C, class... T>
struct template_of<C<T...>> {
  static constexpr bool matches = !std::is_aggregate_v<C<T...>>;
  static constexpr std::size_t count = sizeof...(T);
  using types = std::tuple<T...>;
};
template <class T>
concept from_template = template_of<T>::matches;

/// Containers that are read element by element, so that what they allocate grows with what is really there.
template <class T>
concept sequence = from_template<T> && requires(T& container, typename T::value_type& value) {
  container.push_back(std::move(value));
  container.size();
  container.begin();
};
template <class T>
concept forward_sequence = from_template<T> && requires(T& container, typename T::value_type& value) {
  container.insert_after(container.before_begin(), std::move(value));
};
template <class T>
concept keyed = from_template<T> && requires(T& container, typename T::key_type& key) {
  container.size();
  container.count(key);
  container.emplace_hint(container.end());
};
template <class T>
concept map_like = keyed<T> && requires {
  typename T::mapped_type;
};

template <class T>
concept optional_like = from_template<T> && requires(T& value, typename T::value_type& inner) {
  { value.has_value() } -> std::same_as<bool>;
  value.reset();
  value.emplace(std::move(inner));
};
template <class T>
concept variant_like = from_template<T> && requires(const T& value) {
  { value.valueless_by_exception() } -> std::same_as<bool>;
  value.index();
};
template <class T>
concept tuple_like = from_template<T> && requires {
  requires std::tuple_size<T>::value == template_of<T>::count;
};
template <class T>
concept duration_like = from_template<T> && requires(const T& value) {
  typename T::period;
  { value.count() } -> std::same_as<typename T::rep>;
};
template <class T>
concept time_point_like = from_template<T> && requires(const T& value) {
  typename T::clock;
  { value.time_since_epoch() } -> std::same_as<typename T::duration>;
};
template <class T>
concept complex_like = from_template<T> && requires(const T& value) {
  { value.real() } -> std::same_as<typename T::value_type>;
  { value.imag() } -> std::same_as<typename T::value_type>;
  requires std::is_arithmetic_v<typename T::value_type>;
};

template <class T>
inline constexpr std::size_t bits_of = 0;
template <template <std::size_t> class Bits, std::size_t N>
inline constexpr std::size_t bits_of<Bits<N>> = N;
template <class T>
concept bitset_like = !std::is_aggregate_v<T> && bits_of<T> != 0 && requires(T & bits, const T& fixed) {
  { fixed.test(std::size_t{}) } -> std::same_as<bool>;
  bits.set(std::size_t{}, true);
};
template <class T>
concept path_like = !std::is_aggregate_v<T> && requires(const T& value) {
  { value.native() } -> std::same_as<const typename T::string_type&>;
  { value.lexically_normal() } -> std::same_as<T>;
};

}  // namespace troupe::detail
