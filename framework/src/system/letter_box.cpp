#include "system/letter_box.hpp"

#include "registry/registry.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace troupe::system_layer {
namespace {

constexpr std::size_t most_kept = 1000;

dead_letter letter_from(const process_layer::unhandled& told,
                        const process_layer::unhandled::letter& letter) {
  dead_letter made;
  made.actor = told.actor;
  made.pid = told.pid;
  made.sender = told.sender;
  made.cause = told.cause;
  made.entry = detail::entry_id{letter.method};
  if (const auto* const known = registry::find(made.entry)) made.method = known->display_name();
  made.was_asked = letter.was_asked;
  made.attempts = letter.attempts;
  made.fate = letter.fate;
  made.size = letter.size;
  const auto bytes = std::as_bytes(std::span{letter.bytes});
  made.bytes.assign(bytes.begin(), bytes.end());
  return made;
}

}  // namespace

void letter_box::take(process_layer::unhandled&& told) {
  for (const auto& letter : told.letters) {
    auto made = letter_from(told, letter);
    {
      const std::lock_guard lock{mutex_};
      made.number = ++last_number_;
      letters_.push_back(made);
      if (letters_.size() > most_kept) letters_.pop_front();
    }
    callback_.call(made);
  }
  const std::lock_guard lock{mutex_};
  last_number_ += told.left_out;
}

std::vector<dead_letter> letter_box::all() const {
  const std::lock_guard lock{mutex_};
  return {letters_.begin(), letters_.end()};
}

void letter_box::mark_the_end() {
  const std::lock_guard lock{mutex_};
  if (!last_before_end_) last_before_end_ = last_number_;
}

std::vector<dead_letter> letter_box::since_the_end() const {
  const std::lock_guard lock{mutex_};
  const auto first = std::find_if(letters_.begin(), letters_.end(), [this](const auto& letter) {
    return letter.number > last_before_end_.value_or(0);
  });
  return {first, letters_.end()};
}

}  // namespace troupe::system_layer
