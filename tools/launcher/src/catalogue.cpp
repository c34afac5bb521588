#include "catalogue.hpp"

#include <algorithm>
#include <numeric>

namespace troupe::launcher {

namespace {

/// Function-local: entries of other files may be made before our own static objects.
std::vector<definition_pointer>& entries() {
  static std::vector<definition_pointer> all;
  return all;
}

/// How many characters must be put in, left out or exchanged to make one of the other (Levenshtein).
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto exchanged = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, exchanged});
    }
  }
  return row.back();
}

}  // namespace

void detail::enlist(definition_pointer made) { entries().push_back(std::move(made)); }

std::vector<definition_pointer> catalogue() {
  auto all = entries();
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
  return all;
}

definition_pointer find_definition(const std::string& name) {
  for (const auto& each : entries()) {
    if (each->name == name) return each;
  }
  return nullptr;
}

std::string nearest(const std::string& mistyped, const std::vector<std::string>& names) {
  std::string best;
  auto least = std::max<std::size_t>(2, mistyped.size() / 3) + 1;
  for (const auto& name : names) {
    const auto far = name.starts_with(mistyped) && mistyped.size() >= 2 ? 0 : distance(mistyped, name);
    if (far < least) {
      least = far;
      best = name;
    }
  }
  return best;
}

}  // namespace troupe::launcher
