#include "board.hpp"

#include <utility>

namespace troupe::detail {

void board::watch(const process& whom, std::uint32_t actor) {
  whom.on_down([this, actor](const exit_status&) { add({.actor = actor, .is_down = true}); });
}

void board::handled(std::uint32_t actor, std::uint64_t items) {
  if (actor >= handled_.size()) handled_.resize(actor + std::size_t{1});
  handled_[actor] = items;
}

void board::ended(std::uint32_t actor, ending end) {
  handled(actor, end.handled);
  add({.actor = actor, .end = std::move(end)});
}

promise<std::vector<news>> board::next() {
  promise<std::vector<news>> answer;
  if (waiting_.empty()) {
    asker_.push_back(answer);
  } else {
    answer.set_value(std::exchange(waiting_, {}));
  }
  return answer;
}

void board::add(news item) {
  waiting_.push_back(std::move(item));
  if (asker_.empty()) return;
  asker_.back().set_value(std::exchange(waiting_, {}));
  asker_.clear();
}

}  // namespace troupe::detail
