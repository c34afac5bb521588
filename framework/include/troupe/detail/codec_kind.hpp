// Which way a type travels, and, where it does not, why: the codec's table of rules.
//
// A class that says how it is serialized travels that way, then come handles, then what the standard library's types can
// do, and last plain aggregates, field by field.
#pragma once

#include <troupe/detail/attachment.hpp>
#include <troupe/detail/codec_aggregate.hpp>
#include <troupe/detail/codec_cereal.hpp>
#include <troupe/detail/codec_shapes.hpp>

#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

enum class kind : std::uint8_t {
  none,
  number,
  attachment,  ///< beside the bytes
  serialized,  ///< by the user's functions
  handle,      ///< as its wire form
  array,
  sequence,
  forward_sequence,
  keyed,
  optional,
  variant,
  tuple,
  duration,
  time_point,
  complex,
  bitset,
  path,
  aggregate,
};

template <class T>
consteval kind shape_of() {
  if constexpr (is_array<T>) return kind::array;
  if constexpr (sequence<T>) return kind::sequence;
  if constexpr (forward_sequence<T>) return kind::forward_sequence;
  if constexpr (keyed<T>) return kind::keyed;
  if constexpr (optional_like<T>) return kind::optional;
  if constexpr (variant_like<T>) return kind::variant;
  if constexpr (tuple_like<T>) return kind::tuple;
  if constexpr (duration_like<T>) return kind::duration;
  if constexpr (time_point_like<T>) return kind::time_point;
  if constexpr (complex_like<T>) return kind::complex;
  if constexpr (bitset_like<T>) return kind::bitset;
  if constexpr (path_like<T>) return kind::path;
  return kind::none;
}

/// cereal's own functions for the standard's types (<cereal/types/...>) are not used: the codec checks what it reads.
template <class T>
consteval kind kind_of() {
  if constexpr (number<T>) {
    return kind::number;
  } else if constexpr (!std::is_class_v<T> && !std::is_union_v<T>) {
    return kind::none;
  } else if constexpr (std::is_same_v<T, attachment>) {
    return kind::attachment;
  } else if constexpr (has_wire_form<T>) {
    return kind::handle;
  } else if constexpr (has_member_serialization<T> || has_own_free_serialization<T>) {
    return kind::serialized;
  } else if constexpr (shape_of<T>() != kind::none) {
    return shape_of<T>();
  } else if constexpr (has_free_serialization<T>) {
    return kind::serialized;
  } else if constexpr (std::is_aggregate_v<T> && std::is_class_v<T>) {
    return kind::aggregate;
  } else {
    return kind::none;
  }
}

enum class flaw : std::uint8_t {
  none,
  incomplete,
  reference,
  pointer,
  smart_pointer,
  view,
  c_array,
  union_type,
  base_class,
  array_member,
  too_many_fields,
  constant,
  not_makeable,
  no_rule,
};

/// What is wrong, and with which of the types that a type consists of.
template <flaw What, class Culprit>
struct finding {
  static constexpr flaw what = What;
  using culprit = Culprit;
};
using sound = finding<flaw::none, void>;

template <class... Findings>
struct first_of {
  using type = sound;
};
template <class First, class... Rest>
struct first_of<First, Rest...> : first_of<Rest...> {};
template <class First, class... Rest>
requires(First::what != flaw::none) struct first_of<First, Rest...> {
  using type = First;
};

/// `Outer`: the aggregates that `T` was met in; one of them again, in a container of its own, is no news.
template <class T, class... Outer>
struct flaw_of;
template <class T, class... Outer>
using found = typename flaw_of<T, Outer...>::type;

template <class T, class... Outer, class... Parts>
consteval auto flaw_of_parts(std::type_identity<std::tuple<Parts...>>) {
  return typename first_of<found<Parts, Outer...>...>::type{};
}
template <class T, class... Outer, std::size_t... I>
consteval auto flaw_of_fields(std::index_sequence<I...>) {
  return typename first_of<found<field<T, I>, T, Outer...>...>::type{};
}

template <class T, class... Outer>
consteval auto flaw_of_aggregate() {
  if constexpr ((std::is_same_v<T, Outer> || ...)) {
    return sound{};
  } else if constexpr (has_base<T>) {
    return finding<flaw::base_class, T>{};
  } else if constexpr (!std::is_default_constructible_v<T> || !std::is_move_constructible_v<T>) {
    return finding<flaw::not_makeable, T>{};
  } else if constexpr (has_array<T>()) {
    return finding<flaw::array_member, T>{};
  } else if constexpr (initializers<T>() > most_fields) {
    return finding<flaw::too_many_fields, T>{};
  } else {
    return flaw_of_fields<T, Outer...>(std::make_index_sequence<field_count<T>>{});
  }
}

template <class T, class... Outer>
consteval auto flaw_of_class() {
  constexpr auto how = kind_of<T>();
  if constexpr (how == kind::none) {
    return finding<flaw::no_rule, T>{};
  } else if constexpr (how == kind::aggregate) {
    return flaw_of_aggregate<T, Outer...>();
  } else if constexpr (how == kind::array || how == kind::sequence || how == kind::forward_sequence ||
                       how == kind::optional) {
    return found<typename T::value_type, Outer...>{};
  } else if constexpr (how == kind::keyed) {
    if constexpr (map_like<T>) {
      return typename first_of<found<typename T::key_type, Outer...>,
                               found<typename T::mapped_type, Outer...>>::type{};
    } else {
      return found<typename T::key_type, Outer...>{};
    }
  } else if constexpr (how == kind::variant || how == kind::tuple) {
    return flaw_of_parts<T, Outer...>(std::type_identity<typename template_of<T>::types>{});
  } else if constexpr (!std::is_default_constructible_v<T> || !std::is_move_constructible_v<T>) {
    return finding<flaw::not_makeable, T>{};
  } else {
    return sound{};
  }
}

template <class T, class... Outer>
consteval auto find_flaw() {
  if constexpr (std::is_reference_v<T>) {
    return finding<flaw::reference, T>{};
  } else if constexpr (std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::is_null_pointer_v<T>) {
    return finding<flaw::pointer, T>{};
  } else if constexpr (std::is_array_v<T>) {
    return finding<flaw::c_array, T>{};
  } else if constexpr (std::is_const_v<T> || std::is_volatile_v<T>) {
    return finding<flaw::constant, T>{};
  } else if constexpr (!is_complete<T>) {
    return finding<flaw::incomplete, T>{};
  } else if constexpr (is_owning_pointer<T>) {
    return finding<flaw::smart_pointer, T>{};
  } else if constexpr (looks_elsewhere<T>) {
    return finding<flaw::view, T>{};
  } else if constexpr (number<T>) {
    return sound{};
  } else if constexpr (std::is_union_v<T> && kind_of<T>() == kind::none) {
    return finding<flaw::union_type, T>{};
  } else {
    return flaw_of_class<T, Outer...>();
  }
}

template <class T, class... Outer>
struct flaw_of {
  using type = decltype(find_flaw<T, Outer...>());
};

template <class T>
consteval bool is_message() {
  return found<std::remove_const_t<T>>::what == flaw::none;
}

/// Says in words why `Culprit` cannot be sent; for the compiler's first line.
template <flaw What, class Culprit>
consteval bool explain() {
  static_assert(What != flaw::incomplete,
                "troupe: a type that is only declared here cannot be sent: include its definition");
  static_assert(What != flaw::reference,
                "troupe: a reference cannot be sent: the other process has another memory; send the value");
  static_assert(What != flaw::pointer,
                "troupe: a pointer cannot be sent: the other process has another memory; send the "
                "value, or a std::optional of it");
  static_assert(What != flaw::smart_pointer,
                "troupe: a smart pointer cannot be sent: send the value, a std::optional of "
                "it, or a std::variant of the classes it may point to");
  static_assert(What != flaw::view,
                "troupe: a view cannot be sent: it points into its own process's memory; use "
                "std::string or std::vector (only a handler's parameter may be std::string_view or "
                "std::span<const number>)");
  static_assert(What != flaw::c_array,
                "troupe: a C array cannot be sent: use std::array, std::vector or std::string");
  static_assert(What != flaw::union_type, "troupe: a union cannot be sent: use std::variant");
  static_assert(What != flaw::base_class,
                "troupe: an aggregate with a base class cannot be sent as it is: make the base a "
                "member, or give the class a cereal `serialize`");
  static_assert(What != flaw::array_member,
                "troupe: an aggregate with a C array cannot be sent as it is: make the array a "
                "std::array, or give the class a cereal `serialize`");
  static_assert(What != flaw::too_many_fields,
                "troupe: an aggregate with a C array of more than 100 elements, or with more than 100 "
                "fields, cannot be "
                "sent as it is: use std::array, group the fields, or give the class a cereal `serialize`");
  static_assert(What != flaw::constant,
                "troupe: a const value cannot be filled from a message: leave the const away");
  static_assert(What != flaw::not_makeable,
                "troupe: a message needs a default constructor and a move: the other process "
                "makes it first, and fills it then");
  static_assert(What != flaw::no_rule,
                "troupe: this is not a message type: use arithmetic types, strings, standard "
                "containers or plain aggregates, or give the class a cereal `serialize` (public, or "
                "with `friend class cereal::access`)");
  return What == flaw::none;
}

/// Whether a `T` can be sent; says why not.
template <class T>
consteval bool check_message() {
  using first = found<std::remove_const_t<T>>;
  return explain<first::what, typename first::culprit>();
}

// --- Types whose bytes on the wire are those in memory ----------------------------------------------------------------------

template <class T>
consteval bool is_flat();

template <class T, std::size_t... I>
consteval bool fields_are_flat(std::index_sequence<I...>) {
  return (is_flat<field<T, I>>() && ...) && (sizeof(field<T, I>) + ... + 0) == sizeof(T);
}

/// Not a bool: any other byte than 0 and 1 in one is undefined behaviour.
template <class T>
consteval bool is_flat() {
  if constexpr (number<T>) {
    return !std::is_same_v<std::remove_cv_t<T>, bool>;
  } else if constexpr (kind_of<T>() == kind::array) {
    return std::tuple_size_v<T> != 0 && is_flat<typename T::value_type>();
  } else if constexpr (kind_of<T>() == kind::complex) {
    return sizeof(T) == 2 * sizeof(typename T::value_type);
  } else if constexpr (kind_of<T>() == kind::aggregate) {
    if constexpr (std::is_trivially_copyable_v<T> && field_count<T> != 0) {
      return fields_are_flat<T>(std::make_index_sequence<field_count<T>>{});
    } else {
      return false;
    }
  } else {
    return false;
  }
}

// --- Types that always take as many bytes -----------------------------------------------------------------------------------

/// How many; 0 where that depends on the value, or there is no such message.
template <class T>
consteval std::size_t fixed_size();

template <class T, std::size_t... I>
consteval std::size_t fixed_size_of_fields(std::index_sequence<I...>) {
  return ((fixed_size<field<T, I>>() != 0) && ...) ? (fixed_size<field<T, I>>() + ... + 0) : 0;
}

template <class T>
consteval std::size_t fixed_size() {
  if constexpr (number<T>) {
    return sizeof(T);
  } else if constexpr (is_view<T> || found<T>::what != flaw::none) {
    return 0;
  } else if constexpr (kind_of<T>() == kind::array) {
    return std::tuple_size_v<T> * fixed_size<typename T::value_type>();
  } else if constexpr (kind_of<T>() == kind::aggregate) {
    return fixed_size_of_fields<T>(std::make_index_sequence<field_count<T>>{});
  } else {
    return 0;
  }
}

/// Flat elements in one piece: copied at once.
template <class T>
concept block = sequence<T> && requires(T& container) {
  { container.data() } -> std::same_as<typename T::value_type*>;
  container.resize(std::size_t{});
  requires is_flat<typename T::value_type>();
};

}  // namespace troupe::detail
