// A user's serialize functions: which a type has, the archives that they are given, and how they are called.
//
// The archives are ours from end to end: what a serialize function gives them is encoded and decoded as any other value, by
// the same rules and with the same refusals, and no header of <cereal/types/> is needed. cereal defines what a serialize
// function is, how private ones are reached (`cereal::access`), and the wrappers (`CEREAL_NVP`, `base_class`, ...).
#pragma once

#include <troupe/detail/byte_stream.hpp>

#include <cereal/cereal.hpp>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace cereal {
struct troupe_archive {};  // a base: makes functions in this namespace those of our archives too
}  // namespace cereal

namespace troupe::detail {

/// Where encode and decode go on for what a serialize function gives them.
class output_archive;
class input_archive;
template <class T>
void save_part(output_archive& archive, const T& part);
template <class T>
void load_part(input_archive& archive, T& part);

class output_archive : public cereal::detail::OutputArchiveBase, public cereal::troupe_archive {
 public:
  using is_loading = std::false_type;
  using is_saving = std::true_type;
  explicit output_archive(byte_writer& message) : bytes{message} {}
  template <class... Parts>
  output_archive& operator()(const Parts&... parts) {
    (save_part(*this, parts), ...);
    return *this;
  }
  template <class Part>
  output_archive& operator&(const Part& part) {
    return (*this)(part);
  }
  template <class Part>
  output_archive& operator<<(const Part& part) {
    return (*this)(part);
  }
  void serializeDeferments() {}  // NOLINT: cereal calls it by this name

  byte_writer& bytes;
};

class input_archive : public cereal::detail::InputArchiveBase, public cereal::troupe_archive {
 public:
  using is_loading = std::true_type;
  using is_saving = std::false_type;
  explicit input_archive(byte_reader& message) : bytes{message} {}
  template <class... Parts>
  input_archive& operator()(Parts&&... parts) {
    (load_part(*this, parts), ...);
    return *this;
  }
  template <class Part>
  input_archive& operator&(Part&& part) {
    return (*this)(part);
  }
  template <class Part>
  input_archive& operator>>(Part&& part) {
    return (*this)(part);
  }
  void serializeDeferments() {}  // NOLINT: cereal calls it by this name

  byte_reader& bytes;
};

// What a type has. Private members count where `cereal::access` is a friend.
template <class T>
concept member_serialize = requires(output_archive& out, input_archive& in, T& value) {
  cereal::access::member_serialize(out, value);
  cereal::access::member_serialize(in, value);
};
template <class T>
concept member_serialize_versioned = requires(output_archive& out, input_archive& in, T& value) {
  cereal::access::member_serialize(out, value, 0U);
  cereal::access::member_serialize(in, value, 0U);
};
template <class T>
concept member_split = requires(output_archive& out, input_archive& in, T& value) {
  cereal::access::member_save(out, std::as_const(value));
  cereal::access::member_load(in, value);
};
template <class T>
concept member_split_versioned = requires(output_archive& out, input_archive& in, T& value) {
  cereal::access::member_save(out, std::as_const(value), 0U);
  cereal::access::member_load(in, value, 0U);
};
template <class T>
concept member_minimal = requires(output_archive& out, input_archive& in, T& value) {
  cereal::access::member_load_minimal(in, value,
                                      cereal::access::member_save_minimal(out, std::as_const(value)));
};
template <class T>
concept free_serialize = requires(output_archive& out, input_archive& in, T& value) {
  CEREAL_SERIALIZE_FUNCTION_NAME(out, value);
  CEREAL_SERIALIZE_FUNCTION_NAME(in, value);
};
template <class T>
concept free_serialize_versioned = requires(output_archive& out, input_archive& in, T& value) {
  CEREAL_SERIALIZE_FUNCTION_NAME(out, value, 0U);
  CEREAL_SERIALIZE_FUNCTION_NAME(in, value, 0U);
};
template <class T>
concept free_split = requires(output_archive& out, input_archive& in, T& value) {
  CEREAL_SAVE_FUNCTION_NAME(out, std::as_const(value));
  CEREAL_LOAD_FUNCTION_NAME(in, value);
};
template <class T>
concept free_split_versioned = requires(output_archive& out, input_archive& in, T& value) {
  CEREAL_SAVE_FUNCTION_NAME(out, std::as_const(value), 0U);
  CEREAL_LOAD_FUNCTION_NAME(in, value, 0U);
};
template <class T>
concept free_minimal = requires(const output_archive& out, const input_archive& in, T& value) {
  CEREAL_LOAD_MINIMAL_FUNCTION_NAME(in, value, CEREAL_SAVE_MINIMAL_FUNCTION_NAME(out, std::as_const(value)));
};

/// Where a class has both pairs and one function, by inheritance: which of them its author has named as the right one.
template <class T>
concept names_serialize = cereal::traits::detail::is_specialized_member_serialize<T, output_archive>::value ||
    cereal::traits::detail::is_specialized_non_member_serialize<T, output_archive>::value;

template <class T>
concept has_member_serialization = member_serialize<T> || member_serialize_versioned<T> || member_split<T> ||
    member_split_versioned<T> || member_minimal<T>;
template <class T>
concept has_free_serialization = free_serialize<T> || free_serialize_versioned<T> || free_split<T> ||
    free_split_versioned<T> || free_minimal<T>;

/// Free functions from the type's own namespace, not from cereal's: for types that cereal knows by itself.
struct no_archive_of_cereals {};
template <class T>
concept has_own_free_serialization = requires(no_archive_of_cereals& archive, T& value) {
  CEREAL_SERIALIZE_FUNCTION_NAME(archive, value);
}
|| requires(no_archive_of_cereals& archive, T& value) {
  CEREAL_SAVE_FUNCTION_NAME(archive, std::as_const(value));
  CEREAL_LOAD_FUNCTION_NAME(archive, value);
};

/// Both ends run the same program, so a class's version need not travel.
template <class T>
std::uint32_t version_of() {
  return cereal::detail::Version<T>::version;
}

template <class T>
void call_save(output_archive& out, const T& value) {
  auto& mutable_value = const_cast<T&>(value);  // a `serialize` is written for both directions
  if constexpr (member_split<T> && !names_serialize<T>) {
    cereal::access::member_save(out, value);
  } else if constexpr (member_split_versioned<T> && !names_serialize<T>) {
    cereal::access::member_save(out, value, version_of<T>());
  } else if constexpr (free_split<T> && !names_serialize<T>) {
    CEREAL_SAVE_FUNCTION_NAME(out, value);
  } else if constexpr (free_split_versioned<T> && !names_serialize<T>) {
    CEREAL_SAVE_FUNCTION_NAME(out, value, version_of<T>());
  } else if constexpr (member_serialize<T>) {
    cereal::access::member_serialize(out, mutable_value);
  } else if constexpr (member_serialize_versioned<T>) {
    cereal::access::member_serialize(out, mutable_value, version_of<T>());
  } else if constexpr (free_serialize<T>) {
    CEREAL_SERIALIZE_FUNCTION_NAME(out, mutable_value);
  } else if constexpr (free_serialize_versioned<T>) {
    CEREAL_SERIALIZE_FUNCTION_NAME(out, mutable_value, version_of<T>());
  } else if constexpr (member_minimal<T>) {
    out(cereal::access::member_save_minimal(out, value));
  } else {
    out(CEREAL_SAVE_MINIMAL_FUNCTION_NAME(std::as_const(out), value));
  }
}

template <class T>
void call_load(input_archive& in, T& value) {
  if constexpr (member_split<T> && !names_serialize<T>) {
    cereal::access::member_load(in, value);
  } else if constexpr (member_split_versioned<T> && !names_serialize<T>) {
    cereal::access::member_load(in, value, version_of<T>());
  } else if constexpr (free_split<T> && !names_serialize<T>) {
    CEREAL_LOAD_FUNCTION_NAME(in, value);
  } else if constexpr (free_split_versioned<T> && !names_serialize<T>) {
    CEREAL_LOAD_FUNCTION_NAME(in, value, version_of<T>());
  } else if constexpr (member_serialize<T>) {
    cereal::access::member_serialize(in, value);
  } else if constexpr (member_serialize_versioned<T>) {
    cereal::access::member_serialize(in, value, version_of<T>());
  } else if constexpr (free_serialize<T>) {
    CEREAL_SERIALIZE_FUNCTION_NAME(in, value);
  } else if constexpr (free_serialize_versioned<T>) {
    CEREAL_SERIALIZE_FUNCTION_NAME(in, value, version_of<T>());
  } else if constexpr (member_minimal<T>) {
    std::decay_t<decltype(cereal::access::member_save_minimal(std::declval<output_archive&>(), value))>
        minimal{};
    in(minimal);
    cereal::access::member_load_minimal(in, value, minimal);
  } else {
    std::decay_t<decltype(CEREAL_SAVE_MINIMAL_FUNCTION_NAME(std::declval<const output_archive&>(), value))>
        minimal{};
    in(minimal);
    CEREAL_LOAD_MINIMAL_FUNCTION_NAME(std::as_const(in), value, minimal);
  }
}

// cereal's wrappers, taken apart. Each `visit` hands over what is inside.
template <class T>
struct wrapper {
  static constexpr bool is_one = false;
};
struct is_wrapper {
  static constexpr bool is_one = true;
};
template <class T>
struct wrapper<cereal::NameValuePair<T>> : is_wrapper {
  static void visit(auto& archive, auto& pair) { archive(pair.value); }
};
template <class T>
struct wrapper<cereal::DeferredData<T>> : is_wrapper {
  static void visit(auto& archive, auto& later) { archive(later.value); }
};
template <class K, class V>
struct wrapper<cereal::MapItem<K, V>> : is_wrapper {
  static void visit(auto& archive, auto& item) { archive(item.key, item.value); }
};
template <class Base>
struct wrapper<cereal::base_class<Base>> : is_wrapper {
  static void visit(output_archive& out, const auto& base) { call_save(out, std::as_const(*base.base_ptr)); }
  static void visit(input_archive& in, const auto& base) { call_load(in, *base.base_ptr); }
};
template <class Base>
struct wrapper<cereal::virtual_base_class<Base>> : wrapper<cereal::base_class<Base>> {};
template <class T>
struct wrapper<cereal::SizeTag<T>> : is_wrapper {
  static void visit(output_archive& out, const auto& tag) {
    out.bytes.put_value(static_cast<std::uint64_t>(tag.size));
  }
  /// A container is sized from this before its elements are read, so it is bounded by the bytes that are left.
  static void visit(input_archive& in, auto& tag) {
    tag.size = static_cast<std::remove_reference_t<T>>(in.bytes.take_count(1));
  }
};
template <class T>
struct wrapper<cereal::BinaryData<T>> : is_wrapper {
  static void visit(output_archive& out, const auto& block) {
    out.bytes.put(block.data, static_cast<std::size_t>(block.size));
  }
  static void visit(input_archive& in, auto& block) {
    in.bytes.take_into(block.data, static_cast<std::size_t>(block.size));
  }
};

}  // namespace troupe::detail

// The two belong together; functions that save in a minimal form ask which belongs to which.
CEREAL_SETUP_ARCHIVE_TRAITS(troupe::detail::input_archive, troupe::detail::output_archive)
