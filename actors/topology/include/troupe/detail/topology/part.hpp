// What a topology's processes must find again in their own copy of the program: classes and keys, by number.
#pragma once

#include <troupe/detail/topology/packing.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace troupe::detail {

class role;
enum class node_memory : std::uint8_t;

/// Names a part in messages. Every process of a system runs the same program, which registers its parts in the same order;
/// the check (of the part's name) refuses a number from another program.
struct part_id {
  std::uint32_t number = 0;  ///< from 1; 0 names nothing
  std::uint64_t check = 0;
};

/// A class that can be a node, or a key that can route an edge. A static object for each, instantiated by the call site
/// that names it; it registers itself before `main`.
class part {
 public:
  using make_function = std::unique_ptr<role> (*)(std::span<const std::byte> arguments);
  using hash_function = std::uint64_t (*)(const void* value);

  part(std::string_view name, make_function how, bool leaves, node_memory keeps)
      : part{name, how, nullptr, leaves, keeps} {}
  part(std::string_view name, hash_function how) : part{name, nullptr, how, false, node_memory{}} {}
  part(const part&) = delete;
  part& operator=(const part&) = delete;

  [[nodiscard]] part_id id() const { return id_; }

  /// Throws `malformed_message` where this program has no such part.
  [[nodiscard]] static const part& find(part_id id);

  const make_function make;
  const hash_function hash;
  const bool may_leave;  ///< of a class: it may want no more before its stream ends
  const node_memory memory;

 private:
  part(std::string_view name, make_function how_made, hash_function how_hashed, bool leaves,
       node_memory keeps);
  part_id id_;
};

/// The same for the same bytes, in every process: what routes by key.
[[nodiscard]] std::uint64_t hash_of(std::span<const std::byte> bytes);

}  // namespace troupe::detail
