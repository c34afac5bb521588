#include "process/guardian.hpp"

namespace troupe::process_layer {

// An actor opens one at a time: a later wait makes its earlier one void.
void guardian::on_blocked(const client& from) {
  if (from.id == 0) return;  // the host is no actor: nobody waits for it
  std::erase_if(inquiries_, [&](const auto& open) { return open.second.reporter() == from.id; });
  inquiries_.try_emplace(++last_inquiry_, from.id);
  continue_inquiry(last_inquiry_);
}

void guardian::on_standing(const client& from, const standing& answer) {
  const auto place = inquiries_.find(answer.inquiry);
  if (place == inquiries_.end()) return;  // over meanwhile
  place->second.answer(from.id, answer.state);
  continue_inquiry(answer.inquiry);
}

void guardian::continue_inquiry(std::uint64_t number) {
  auto& open = inquiries_.at(number);
  if (const auto& found = open.found()) tell_deadlock(*found);
  bool goes_on = !open.is_over() && !open.found();
  for (const auto who : open.take_questions()) {
    client* const actor = who == 0 ? nullptr : find_client(who);
    goes_on = goes_on && actor != nullptr;  // somebody's end is an event by itself
    if (goes_on) send(*actor, inquire{number});
  }
  if (!goes_on) inquiries_.erase(number);
}

void guardian::tell_deadlock(const inquiry::verdict& found) {
  const auto victim = actors_.find(found.victim);
  if (victim == actors_.end()) return;
  std::string circle = victim->second->name;
  for (std::size_t i = 1; i <= found.cycle.size(); ++i) {
    const auto next = actors_.find(found.cycle[i % found.cycle.size()]);
    if (next == actors_.end()) return;
    circle += (i == 1 ? " waits for " : ", which waits for ") + next->second->name;
  }
  send(victim->second->control, deadlocked{found.wait, std::move(circle)});
}

void guardian::end_inquiries_about(std::uint32_t actor) {
  std::erase_if(inquiries_, [&](const auto& open) {
    return open.second.reporter() == actor || open.second.involves(actor);
  });
}

}  // namespace troupe::process_layer
