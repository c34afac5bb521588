#include "registry/registry.hpp"

#include <mutex>
#include <stdexcept>
#include <unordered_map>

namespace troupe::registry {
namespace {

// Rebuilt when a library that was loaded later has put registrars in front of the list.
struct table {
  std::mutex mutex;
  const detail::registrar* newest = nullptr;
  std::unordered_map<detail::entry_id, const detail::registrar*> entries;
};

}  // namespace

const detail::registrar* find(detail::entry_id id) {
  static table known;
  const std::lock_guard lock{known.mutex};
  for (const auto* entry = newest(); entry != known.newest; entry = entry->next) {
    const auto [place, added] = known.entries.try_emplace(entry->id(), entry);
    if (!added && place->second != entry) {
      throw std::logic_error{"two registered functions have one id: " + entry->display_name() + " and " +
                             place->second->display_name() +
                             "; link one of their modules with another build id"};
    }
  }
  known.newest = newest();
  const auto place = known.entries.find(id);
  return place == known.entries.end() ? nullptr : place->second;
}

}  // namespace troupe::registry
