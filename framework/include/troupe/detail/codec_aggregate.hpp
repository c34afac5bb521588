// Plain aggregates as lists of fields: Boost.PFR takes them apart. What it cannot take apart is found out before it is asked,
// so that the user is told in words.
#pragma once

#include <troupe/detail/codec_shapes.hpp>

#include <boost/pfr/core.hpp>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace troupe::detail {

inline constexpr std::size_t most_fields = 100;  // Boost.PFR 1.81 knows 100

/// Stands for the initializer of any field: of aggregates that can be copied, and of those that can only be moved.
struct any_field {
  template <class Field>
  operator Field&() const noexcept;  // NOLINT(google-explicit-constructor)
};
struct any_moved_field {
  template <class Field>
  operator Field() const noexcept;  // NOLINT(google-explicit-constructor)
};
/// Stands for the initializer of a base class of `T`, and of nothing else.
template <class T>
struct any_base {
  template <class Base>
  requires(std::is_base_of_v<Base, T> && !std::is_same_v<Base, T>) constexpr operator Base()
      const noexcept;  // NOLINT(google-explicit-constructor)
};

template <class T, std::size_t>
using any_field_of = std::conditional_t<std::is_copy_constructible_v<T>, any_field, any_moved_field>;

template <class T, std::size_t... I>
consteval bool takes(std::index_sequence<I...>) {
  return requires { T{any_field_of<T, I>{}...}; };
}
template <class T, std::size_t... Before, std::size_t... Behind>
consteval bool takes_braces_between(std::index_sequence<Before...>, std::index_sequence<Behind...>) {
  return requires { T{any_field_of<T, Before>{}..., {}, any_field_of<T, Behind>{}...}; };
}

/// The number of initializers: one for each field, but one for each element of a C array. `most_fields + 1` for more.
template <class T, std::size_t N = 1>
consteval std::size_t initializers() {
  if constexpr (N > most_fields + 1) {
    return most_fields + 1;
  } else if constexpr (takes<T>(std::make_index_sequence<N>{})) {
    return initializers<T, N + 1>();
  } else {
    return N - 1;
  }
}

/// Empty braces stand for all of a C array, and then there are too many initializers behind them.
template <class T, std::size_t N, std::size_t... I>
consteval bool has_array_among(std::index_sequence<I...>) {
  return !(takes_braces_between<T>(std::make_index_sequence<I>{}, std::make_index_sequence<N - I - 1>{}) &&
           ...);
}

template <class T>
concept has_base = requires {
  T{any_base<T>{}};
};

template <class T>
consteval bool has_array() {
  constexpr auto count = initializers<T>();
  return count <= most_fields && has_array_among<T, count>(std::make_index_sequence<count>{});
}

template <class T>
inline constexpr std::size_t field_count = boost::pfr::tuple_size_v<T>;
template <class T, std::size_t I>
using field = boost::pfr::tuple_element_t<I, T>;

template <class T, class Use>
void for_each_field(T& value, Use&& use) {
  boost::pfr::for_each_field(value, std::forward<Use>(use));
}

}  // namespace troupe::detail
