#include <troupe/detail/topology/part.hpp>
#include <troupe/errors.hpp>

namespace troupe::detail {

namespace {

/// Function-local: parts register themselves from other files' static objects, which may be made before ours.
std::vector<const part*>& parts() {
  static std::vector<const part*> all;
  return all;
}

}  // namespace

part::part(std::string_view name, make_function how_made, hash_function how_hashed, bool leaves,
           node_memory keeps)
    : make{how_made}, hash{how_hashed}, may_leave{leaves}, memory{keeps} {
  parts().push_back(this);
  id_ = {static_cast<std::uint32_t>(parts().size()), hash_of(std::as_bytes(std::span{name}))};
}

const part& part::find(part_id id) {
  if (id.number >= 1 && id.number <= parts().size()) {
    const auto& found = *parts()[id.number - 1];
    if (found.id_.check == id.check) return found;
  }
  throw malformed_message{"this program has no part of a topology with the number " +
                          std::to_string(id.number) + ": host and actors must run the same program"};
}

std::uint64_t hash_of(std::span<const std::byte> bytes) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const auto byte : bytes) hash = (hash ^ static_cast<std::uint64_t>(byte)) * 1099511628211U;
  return hash;
}

}  // namespace troupe::detail
