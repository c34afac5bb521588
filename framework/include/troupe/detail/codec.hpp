// How values become bytes, and bytes values. Little-endian and without padding between values, as docs/wire-format.md says:
// both ends run the same program on the same kind of machine.
//
//   encode(byte_writer&, value)     writes, or only measures
//   decode<T>(byte_reader&)         reads; containers grow with what is really there. Throws `malformed_message`
//   check_message<T>()              says at compile time, in words, why a T does not travel
#pragma once

#include <troupe/detail/byte_stream.hpp>
#include <troupe/detail/codec_kind.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

template <class T>
void encode(byte_writer& out, const T& value);
template <class T>
void decode_into(byte_reader& in, T& value);
template <class T>
[[nodiscard]] T decode(byte_reader& in);

// --- Writing ----------------------------------------------------------------------------------------------------------------

template <class T>
void encode_elements(byte_writer& out, const T& container, std::uint64_t count) {
  out.put_value(count);
  for (const auto& element : container) {
    if constexpr (map_like<T>) {
      encode(out, element.first);
      encode(out, element.second);
    } else {
      encode(out, static_cast<const typename T::value_type&>(element));
    }
  }
}

template <class T>
void encode_variant(byte_writer& out, const T& value) {
  if (value.valueless_by_exception()) throw_valueless_variant();
  out.put_value(static_cast<std::uint32_t>(value.index()));
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((value.index() == I ? encode(out, *get_if<I>(&value)) : void()), ...);
  }
  (std::make_index_sequence<template_of<T>::count>{});
}

template <class T>
void encode_bits(byte_writer& out, const T& bits) {
  for (std::size_t first = 0; first < bits_of<T>; first += 8) {
    unsigned byte = 0;
    for (std::size_t i = first; i < first + 8 && i < bits_of<T>; ++i)
      byte |= unsigned{bits.test(i)} << (i - first);
    out.put_value(static_cast<std::uint8_t>(byte));
  }
}

/// What is nothing on the wire takes a byte all the same: a count can then be compared with the bytes that are left.
template <class T>
void encode_empty(byte_writer& out) {
  out.put_value(std::byte{});
}

template <class T>
void encode_serialized(byte_writer& out, const T& value) {
  const auto before = out.size();
  output_archive archive{out};
  call_save(archive, value);
  if (out.size() == before) encode_empty<T>(out);
}

template <class T>
void encode_class(byte_writer& out, const T& value) {
  constexpr auto how = kind_of<T>();
  if constexpr (how == kind::serialized) {
    encode_serialized(out, value);
  } else if constexpr (how == kind::handle) {
    encode(out, wire_form<T>::to(value));
    if constexpr (gives_away<T>) {
      if (out.is_writing()) wire_form<T>::sent(value);
    }
  } else if constexpr (how == kind::attachment) {
    out.attach(value);
  } else if constexpr (how == kind::optional) {
    out.put_value(static_cast<std::uint8_t>(value.has_value()));
    if (value.has_value()) encode(out, *value);
  } else if constexpr (how == kind::variant) {
    encode_variant(out, value);
  } else if constexpr (how == kind::tuple) {
    if constexpr (std::tuple_size_v<T> == 0) encode_empty<T>(out);
    std::apply([&out](const auto&... parts) { (encode(out, parts), ...); }, value);
  } else if constexpr (how == kind::duration) {
    encode(out, value.count());
  } else if constexpr (how == kind::time_point) {
    encode(out, value.time_since_epoch());
  } else if constexpr (how == kind::complex) {
    encode(out, value.real());
    encode(out, value.imag());
  } else if constexpr (how == kind::bitset) {
    encode_bits(out, value);
  } else if constexpr (how == kind::path) {
    encode(out, value.native());
  } else {
    if constexpr (field_count<T> == 0) encode_empty<T>(out);
    for_each_field(value, [&out](const auto& part) { encode(out, part); });
  }
}

template <class T>
void encode(byte_writer& out, const T& value) {
  if constexpr (is_view<T> || block<T>) {
    out.put_value(std::uint64_t{value.size()});
    out.put(value.data(), value.size() * sizeof(*value.data()));
  } else if constexpr (!check_message<T>()) {
    // said above
  } else if constexpr (number<T> || is_flat<T>()) {
    out.put_value(value);
  } else if constexpr (kind_of<T>() == kind::array) {
    if constexpr (std::tuple_size_v<T> == 0) encode_empty<T>(out);
    for (const auto& element : value) encode(out, element);
  } else if constexpr (kind_of<T>() == kind::sequence || kind_of<T>() == kind::keyed) {
    encode_elements(out, value, value.size());
  } else if constexpr (kind_of<T>() == kind::forward_sequence) {
    std::uint64_t count = 0;
    for (auto at = value.begin(); at != value.end(); ++at) ++count;
    encode_elements(out, value, count);
  } else {
    encode_class(out, value);
  }
}

// --- Reading ----------------------------------------------------------------------------------------------------------------

template <class T>
void decode_elements(byte_reader& in, T& container) {
  const byte_reader::level deeper{in};
  auto count = in.take_count(1);
  if constexpr (sequence<T>) {
    for (; count > 0; --count) container.push_back(decode<typename T::value_type>(in));
  } else if constexpr (map_like<T>) {
    for (; count > 0; --count) {
      auto key = decode<typename T::key_type>(in);
      container.emplace_hint(container.end(), std::move(key), decode<typename T::mapped_type>(in));
    }
  } else if constexpr (keyed<T>) {
    for (; count > 0; --count) container.emplace_hint(container.end(), decode<typename T::key_type>(in));
  } else {
    for (auto at = container.before_begin(); count > 0; --count)
      at = container.insert_after(at, decode<typename T::value_type>(in));
  }
}

template <class T>
void decode_variant(byte_reader& in, T& value) {
  const byte_reader::level deeper{in};
  const auto index = in.take_value<std::uint32_t>();
  if (index >= template_of<T>::count) throw_unknown_alternative(index, template_of<T>::count);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((index == I ? static_cast<void>(value.template emplace<I>(
                       decode<std::tuple_element_t<I, typename template_of<T>::types>>(in)))
                 : void()),
     ...);
  }
  (std::make_index_sequence<template_of<T>::count>{});
}

template <class T>
void decode_bits(byte_reader& in, T& bits) {
  for (std::size_t first = 0; first < bits_of<T>; first += 8) {
    const auto byte = in.take_value<std::uint8_t>();
    for (std::size_t i = first; i < first + 8 && i < bits_of<T>; ++i)
      bits.set(i, (byte >> (i - first) & 1) != 0);
  }
}

template <class T>
void decode_serialized(byte_reader& in, T& value) {
  const byte_reader::level deeper{in};
  const auto before = in.left();
  input_archive archive{in};
  call_load(archive, value);
  if (in.left() == before) static_cast<void>(in.take(1));
}

template <class T>
void decode_class(byte_reader& in, T& value) {
  constexpr auto how = kind_of<T>();
  if constexpr (how == kind::serialized) {
    decode_serialized(in, value);
  } else if constexpr (how == kind::handle) {
    value =
        wire_form<T>::from(decode<std::remove_cvref_t<decltype(wire_form<T>::to(value))>>(in), in.where());
  } else if constexpr (how == kind::attachment) {
    value = in.take_attachment();
  } else if constexpr (how == kind::optional) {
    value.reset();
    if (decode<bool>(in)) value.emplace(decode<typename T::value_type>(in));
  } else if constexpr (how == kind::variant) {
    decode_variant(in, value);
  } else if constexpr (how == kind::tuple) {
    if constexpr (std::tuple_size_v<T> == 0) static_cast<void>(in.take(1));
    std::apply([&in](auto&... parts) { (decode_into(in, parts), ...); }, value);
  } else if constexpr (how == kind::duration) {
    value = T{decode<typename T::rep>(in)};
  } else if constexpr (how == kind::time_point) {
    value = T{decode<typename T::duration>(in)};
  } else if constexpr (how == kind::complex) {
    const auto real = decode<typename T::value_type>(in);
    value = T{real, decode<typename T::value_type>(in)};
  } else if constexpr (how == kind::bitset) {
    decode_bits(in, value);
  } else if constexpr (how == kind::path) {
    value = T{decode<typename T::string_type>(in)};
  } else {
    if constexpr (field_count<T> == 0) static_cast<void>(in.take(1));
    for_each_field(value, [&in](auto& part) { decode_into(in, part); });
  }
}

/// Of such a block the page faults cost more than the copying.
inline constexpr std::size_t large_block = std::size_t{4} << 20;

/// A vector or string of plain elements. Copied into new memory where that is possible: to fill that with zeroes first would
/// cost as much again.
template <class T>
void decode_block(byte_reader& in, T& value) {
  using element = typename T::value_type;
  const auto count = in.take_count(sizeof(element));
  const auto* const bytes = in.take_copied(count * sizeof(element));
  const auto* const first = reinterpret_cast<const element*>(bytes);
  if constexpr (requires { value.assign(first, first); }) {
    if (reinterpret_cast<std::uintptr_t>(bytes) % alignof(element) == 0) {
      if (count >= large_block / sizeof(element)) {
        value.clear();
        value.reserve(count);
        will_fill(value.data(), count * sizeof(element));
      }
      value.assign(first, first + count);
      return;
    }
  }
  value.resize(count);
  if (count != 0) std::memcpy(value.data(), bytes, count * sizeof(element));
}

template <class T>
void decode_into(byte_reader& in, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    value = in.take_value<std::uint8_t>() != 0;  // any other byte in a bool is undefined behaviour
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    const auto bytes = in.take(in.take_count(1));
    value = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  } else if constexpr (!check_message<T>()) {
    // said above
  } else if constexpr (block<T>) {
    decode_block(in, value);
  } else if constexpr (number<T> || is_flat<T>()) {
    in.take_into(&value,
                 sizeof value);  // copied, not assigned: a plain enum may not hold what a stranger sent
  } else if constexpr (kind_of<T>() == kind::array) {
    if constexpr (std::tuple_size_v<T> == 0) static_cast<void>(in.take(1));
    for (auto& element : value) decode_into(in, element);
  } else if constexpr (kind_of<T>() == kind::sequence || kind_of<T>() == kind::keyed ||
                       kind_of<T>() == kind::forward_sequence) {
    value.clear();
    decode_elements(in, value);
  } else {
    decode_class(in, value);
  }
}

template <class T>
[[nodiscard]] T decode(byte_reader& in) {
  T value{};
  decode_into(in, value);
  return value;
}

// --- Inside a user's serialize functions -----------------------------------------------------------------------------------

template <class T>
void save_part(output_archive& archive, const T& part) {
  if constexpr (wrapper<T>::is_one) {
    wrapper<T>::visit(archive, part);
  } else if constexpr (std::is_array_v<T>) {
    for (const auto& element : part) save_part(archive, element);
  } else if constexpr (check_message<T>()) {
    encode(archive.bytes, part);
  }
}

template <class T>
void load_part(input_archive& archive, T& part) {
  if constexpr (wrapper<T>::is_one) {
    wrapper<T>::visit(archive, part);
  } else if constexpr (std::is_array_v<T>) {
    for (auto& element : part) load_part(archive, element);
  } else if constexpr (check_message<T>()) {
    decode_into(archive.bytes, part);
  }
}

}  // namespace troupe::detail
