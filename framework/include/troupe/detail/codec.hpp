// How values become bytes: the one place where cereal and Boost.PFR are seen.
//
//   encode(byte_writer&, value)     arithmetic, enumerations, strings and vectors of numbers: copied
//   decode<T>(byte_reader&)         what cereal knows (containers, user's serialize): through an archive over the same bytes
//                                   what has a wire form (handles): as that form
//                                   plain aggregates: field by field
//
// cereal's archives look up the same rules for what they meet inside, so all of it nests. Little-endian, as in memory:
// both ends run the same program on the same kind of machine.
#pragma once

#include <troupe/detail/byte_stream.hpp>

#include <array>
#include <boost/pfr/core.hpp>
#include <cereal/cereal.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/unordered_set.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>
#include <concepts>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

/// A type that travels as another: `static Form to(const T&)` and `static T from(Form, endpoint*)`. For handles.
template <class T>
struct wire_form;
template <class T>
concept has_wire_form = requires(const T& value) {
  wire_form<T>::to(value);
};

/// cereal archives over a message's bytes.
class output_archive : public cereal::OutputArchive<output_archive, cereal::AllowEmptyClassElision> {
 public:
  explicit output_archive(byte_writer& message) : OutputArchive{this}, bytes{message} {}
  byte_writer& bytes;
};
class input_archive : public cereal::InputArchive<input_archive, cereal::AllowEmptyClassElision> {
 public:
  explicit input_archive(byte_reader& message) : InputArchive{this}, bytes{message} {}
  byte_reader& bytes;
};

/// Archives that know nothing of ours: what they can do, cereal does by itself.
class output_probe : public cereal::OutputArchive<output_probe, cereal::AllowEmptyClassElision> {};
class input_probe : public cereal::InputArchive<input_probe, cereal::AllowEmptyClassElision> {};

template <class T>
concept number = std::is_arithmetic_v<T> || std::is_enum_v<T>;
template <class T>
inline constexpr bool is_number_block = false;  // contiguous numbers: copied in one piece
template <class T, class A>
requires number<T> &&
    (!std::is_same_v<T, bool>)inline constexpr bool is_number_block<std::vector<T, A>> = true;
template <class A>
inline constexpr bool is_number_block<std::basic_string<char, std::char_traits<char>, A>> = true;

/// Of what is in the sender's memory and then in the message: for parameters only.
template <class T>
inline constexpr bool is_view = std::is_same_v<T, std::string_view>;
template <class T>
inline constexpr bool is_view<std::span<const T>> = number<T> && !std::is_same_v<T, bool>;

template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = N != 0;

/// Containers that are read element by element, so that what they allocate grows with what is really there.
template <class T>
concept keyed = requires(T container, typename T::key_type key) {
  container.emplace_hint(container.end(), std::move(key));
}
|| requires { typename T::mapped_type; };
template <class T>
concept growing =
    std::ranges::range<T> && !is_number_block<T> && requires(T container, typename T::value_type value) {
  container.push_back(std::move(value));
  container.size();
};

template <class T>
inline constexpr bool is_owning_pointer = false;
template <class T, class D>
inline constexpr bool is_owning_pointer<std::unique_ptr<T, D>> = true;
template <class T>
inline constexpr bool is_owning_pointer<std::shared_ptr<T>> = true;
template <class T>
inline constexpr bool is_owning_pointer<std::weak_ptr<T>> = true;

template <class T>
concept known_to_cereal = cereal::traits::is_output_serializable<T, output_probe>::value &&
    cereal::traits::is_input_serializable<T, input_probe>::value;

template <class T>
concept plain_aggregate =
    std::is_aggregate_v<T> && std::is_class_v<T> && !known_to_cereal<T> && !has_wire_form<T>;

/// Whether cereal should come to us for a `T` that it meets inside something else.
template <class T>
concept ours_alone = has_wire_form<T> || plain_aggregate<T>;

template <class T>
concept tuple_like = requires {
  std::tuple_size<T>::value;
};
template <class T>
concept optional_like = requires(T value) {
  typename T::value_type;
  { value.has_value() } -> std::same_as<bool>;
};

template <class T>
consteval bool is_message();

template <class T, std::size_t... I>
consteval bool elements_are_messages(std::index_sequence<I...>) {
  return (is_message<std::tuple_element_t<I, T>>() && ...);
}
template <class T, std::size_t... I>
consteval bool fields_are_messages(std::index_sequence<I...>) {
  return (is_message<boost::pfr::tuple_element_t<I, T>>() && ...);
}

template <class T>
consteval bool is_message() {
  if constexpr (std::is_reference_v<T> || std::is_pointer_v<T> || std::is_array_v<T> ||
                is_owning_pointer<T>) {
    return false;
  } else if constexpr (std::is_const_v<T>) {
    return is_message<std::remove_const_t<T>>();
  } else if constexpr (number<T> || is_number_block<T> || has_wire_form<T>) {
    return true;
  } else if constexpr (known_to_cereal<T>) {
    if constexpr (std::ranges::range<T>) {
      return is_message<std::ranges::range_value_t<T>>();
    } else if constexpr (tuple_like<T>) {
      return elements_are_messages<T>(std::make_index_sequence<std::tuple_size_v<T>>{});
    } else if constexpr (optional_like<T>) {
      return is_message<typename T::value_type>();
    } else {
      return true;
    }
  } else if constexpr (plain_aggregate<T>) {
    return fields_are_messages<T>(std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
  } else {
    return false;
  }
}

template <class T>
concept is_complete = std::is_void_v<T> || std::is_reference_v<T> || requires {
  sizeof(T);
};

/// Whether a `T` can be sent; says why not.
template <class T>
consteval bool check_message() {
  constexpr bool travels = is_message<T>();
  static_assert(
      travels,
      "troupe: this is not a message type: use arithmetic types, strings, standard containers, plain "
      "aggregates, or give the class a cereal `serialize` member");
  return travels;
}

template <class T>
void encode(byte_writer& out, const T& value) {
  if constexpr (number<T>) {
    out.put_value(value);
  } else if constexpr (is_view<T> || is_number_block<T>) {
    out.put_value(std::uint64_t{value.size()});
    out.put(value.data(), value.size() * sizeof(typename T::value_type));
  } else if constexpr (is_array<T>) {
    if constexpr (number<typename T::value_type>) {
      out.put(value.data(), sizeof value);
    } else {
      for (const auto& element : value) encode(out, element);
    }
  } else if constexpr (growing<T> || keyed<T>) {
    out.put_value(std::uint64_t{value.size()});
    for (const auto& element : value) {
      if constexpr (requires { typename T::mapped_type; }) {
        encode(out, element.first);
        encode(out, element.second);
      } else {
        encode(out, static_cast<const typename T::value_type&>(element));
      }
    }
  } else if constexpr (has_wire_form<T>) {
    encode(out, wire_form<T>::to(value));
  } else if constexpr (plain_aggregate<T>) {
    if constexpr (boost::pfr::tuple_size_v<T> == 0)
      out.put_value(std::byte{});  // so that every element takes a byte
    boost::pfr::for_each_field(value, [&out](const auto& field) { encode(out, field); });
  } else {
    output_archive{out}(value);
  }
}

template <class T>
[[nodiscard]] T decode(byte_reader& in);

template <class T>
void decode_into(byte_reader& in, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    value = in.take_value<std::uint8_t>() != 0;  // any other byte in a bool is undefined behaviour
  } else if constexpr (number<T>) {
    in.take_into(&value,
                 sizeof value);  // copied, not assigned: a plain enum may not hold what a stranger sent
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    const auto bytes = in.take(in.take_count(1));
    value = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  } else if constexpr (is_number_block<T>) {
    using element = typename T::value_type;
    const auto count = in.take_count(sizeof(element));
    value.resize(count);
    in.take_into(value.data(), count * sizeof(element));
  } else if constexpr (is_array<T>) {
    if constexpr (number<typename T::value_type> && !std::is_same_v<typename T::value_type, bool>) {
      in.take_into(value.data(), sizeof value);
    } else {
      for (auto& element : value) decode_into(in, element);
    }
  } else if constexpr (growing<T>) {
    for (auto count = in.take_count(1); count > 0; --count)
      value.push_back(decode<typename T::value_type>(in));
  } else if constexpr (keyed<T>) {
    for (auto count = in.take_count(1); count > 0; --count) {
      auto key = decode<typename T::key_type>(in);
      if constexpr (requires { typename T::mapped_type; }) {
        value.emplace_hint(value.end(), std::move(key), decode<typename T::mapped_type>(in));
      } else {
        value.emplace_hint(value.end(), std::move(key));
      }
    }
  } else if constexpr (has_wire_form<T>) {
    std::remove_cvref_t<decltype(wire_form<T>::to(value))> form{};
    decode_into(in, form);
    value = wire_form<T>::from(form, in.where());
  } else if constexpr (plain_aggregate<T>) {
    if constexpr (boost::pfr::tuple_size_v<T> == 0) static_cast<void>(in.take(1));
    boost::pfr::for_each_field(value, [&in](auto& field) { decode_into(in, field); });
  } else {
    input_archive{in}(value);
  }
}

template <class T>
[[nodiscard]] T decode(byte_reader& in) {
  T value{};
  decode_into(in, value);
  return value;
}

}  // namespace troupe::detail

// What cereal finds when it looks for how our archives save and load something.
namespace cereal {

// (The archive is a template parameter so that "is it ours at all" is asked first: the probes must not get to "is T ours",
// which asks the probes.)
template <class Archive, class T>
requires std::same_as<Archive, troupe::detail::output_archive> &&
    (std::is_arithmetic_v<T> || troupe::detail::ours_alone<T>)void CEREAL_SAVE_FUNCTION_NAME(Archive& archive,
                                                                                             const T& value) {
  troupe::detail::encode(archive.bytes, value);
}
template <class Archive, class T>
requires std::same_as<Archive, troupe::detail::input_archive> &&
    (std::is_arithmetic_v<T> || troupe::detail::ours_alone<T>)void CEREAL_LOAD_FUNCTION_NAME(Archive& archive,
                                                                                             T& value) {
  troupe::detail::decode_into(archive.bytes, value);
}

template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(troupe::detail::output_archive& archive, NameValuePair<T>& pair) {
  archive(pair.value);
}
template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(troupe::detail::input_archive& archive, NameValuePair<T>& pair) {
  archive(pair.value);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(troupe::detail::output_archive& archive, const SizeTag<T>& tag) {
  archive.bytes.put_value(static_cast<std::uint64_t>(tag.size));
}
/// A container is sized from this before its elements are read, so it is bounded by the bytes that are left.
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(troupe::detail::input_archive& archive, SizeTag<T>& tag) {
  tag.size = archive.bytes.take_count(1);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(troupe::detail::output_archive& archive, const BinaryData<T>& block) {
  archive.bytes.put(block.data, static_cast<std::size_t>(block.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(troupe::detail::input_archive& archive, BinaryData<T>& block) {
  archive.bytes.take_into(block.data, static_cast<std::size_t>(block.size));
}
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(troupe::detail::output_probe&, const BinaryData<T>&);
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(troupe::detail::input_probe&, BinaryData<T>&);
}  // namespace cereal

// The two belong together; cereal asks where it meets an enumeration inside something else.
CEREAL_SETUP_ARCHIVE_TRAITS(troupe::detail::input_archive, troupe::detail::output_archive)
