#include "walk.hpp"

#include <algorithm>
#include <utility>

namespace file_search {

namespace fs = std::filesystem;

walk::walk(const fs::path& start, bool follow) : follow_{follow} {
  std::error_code ignored;
  waiting_.push_back({start, !fs::is_regular_file(start, ignored), nullptr});
}

std::optional<found> walk::next() {
  while (!waiting_.empty()) {
    const auto here = std::move(waiting_.back());
    waiting_.pop_back();
    if (!here.is_folder) return found{here.path.string()};
    if (const auto problem = open(here)) return found{here.path.string(), problem.message()};
  }
  return std::nullopt;
}

fs::file_type walk::type_of(const fs::directory_entry& entry) const {
  std::error_code vanished;  // then its type is none, and it is left out
  return follow_ ? entry.status(vanished).type() : entry.symlink_status(vanished).type();
}

std::error_code walk::open(const place& here) {
  std::error_code problem;
  std::shared_ptr<const folder> self;
  if (follow_) {  // without links there are no circles
    self = std::make_shared<const folder>(folder{fs::canonical(here.path, problem), here.above});
    for (const auto* above = here.above.get(); above != nullptr; above = above->above.get()) {
      if (above->true_path == self->true_path) return {};
    }
  }
  std::vector<place> inside;
  for (fs::directory_iterator entry{here.path, problem}; !problem && entry != fs::end(entry);
       entry.increment(problem)) {
    const auto type = type_of(*entry);
    if (type == fs::file_type::regular || type == fs::file_type::directory)
      inside.push_back({entry->path(), type == fs::file_type::directory, self});
  }
  std::sort(inside.begin(), inside.end(),
            [](const auto& a, const auto& b) { return a.path.native() > b.path.native(); });
  waiting_.insert(waiting_.end(), inside.begin(), inside.end());
  return problem;
}

}  // namespace file_search
