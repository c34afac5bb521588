#include "system/actor_tree.hpp"

#include <map>
#include <utility>

namespace troupe {
namespace {

std::string line_of(const actor_entry& actor) {
  auto line =
      actor.name + (actor.pid != 0 ? " (" + std::to_string(actor.pid) + ")" : " (between two processes)");
  if (!actor.group.empty()) line += ", of " + actor.group;
  if (actor.incarnation != 0)
    line += ", started again " + std::to_string(actor.incarnation) +
            (actor.incarnation == 1 ? " time" : " times");
  return line + '\n';
}

void add_below(const actor_tree& tree, const std::string& indent, std::string& text) {
  for (const auto& each : tree.owns) {
    const bool is_last = &each == &tree.owns.back();
    text += indent + (is_last ? "`- " : "|- ") + line_of(each.actor);
    add_below(each, indent + (is_last ? "   " : "|  "), text);
  }
}

}  // namespace

std::string to_string(const actor_tree& tree) {
  auto text = line_of(tree.actor);
  add_below(tree, "", text);
  return text;
}

namespace system_layer {
namespace {

void add_owned(actor_tree& to, std::multimap<std::uint32_t, actor_entry>& by_owner) {
  const auto [first, last] = by_owner.equal_range(to.actor.number);
  for (auto place = first; place != last; ++place) to.owns.push_back({std::move(place->second), {}});
  for (auto& each : to.owns) add_owned(each, by_owner);
}

}  // namespace

actor_tree tree_of(actor_entry root, std::vector<actor_entry> actors) {
  std::multimap<std::uint32_t, actor_entry> by_owner;
  for (auto& actor : actors) {
    const auto owner = actor.parent_number;
    by_owner.emplace(owner, std::move(actor));
  }
  actor_tree whole{std::move(root), {}};
  add_owned(whole, by_owner);
  return whole;
}

}  // namespace system_layer
}  // namespace troupe
