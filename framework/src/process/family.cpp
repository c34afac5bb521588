#include "process/family.hpp"

#include <troupe/switched_off.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace troupe::process_layer {
namespace {

constexpr std::size_t digits = 10;

std::string name_of(pid_t head) {
  const auto text = std::to_string(head);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

}  // namespace

std::optional<pid_t> family_of(pid_t member) {
  const auto environment = platform::environment_of(member);
  if (environment.empty()) return std::nullopt;
  const auto start = std::string{family_variable} + "=";
  const auto place = std::find_if(environment.begin(), environment.end(),
                                  [&](const auto& variable) { return variable.starts_with(start); });
  pid_t head = 0;
  if (place != environment.end())
    std::from_chars(place->data() + start.size(), place->data() + place->size(), head);
  return head;
}

std::string room_for_a_family() { return std::string{family_variable} + "=" + name_of(0); }

void head_a_family() { platform::overwrite_variable(family_variable, name_of(platform::own_pid())); }

void family_watch::child_has_ended() {
  is_due_ = true;
  in_vain_ = 0;
  if (!is_pausing_) look();
}

// Each that is killed brings us here again, with those that it leaves to us.
void family_watch::look() {
  constexpr auto pause =
      std::chrono::milliseconds{10};  // many may end at once, and there may be many to look at
  constexpr int patience = 20;        // for one that is just executing another program
  is_due_ = !switched_off("strays_ended") && !kill_strays() && ++in_vain_ < patience;
  is_pausing_ = true;
  pause_.expires_after(pause);
  pause_.async_wait([this](auto error) {
    is_pausing_ = false;
    if (!error && is_due_) look();
  });
}

// False where there is a child of which it cannot be told now.
bool family_watch::kill_strays() const {
  bool are_told = true;
  const auto ours = ours_();
  const auto all = platform::children();
  for (const pid_t child : all) {
    if (ours.contains(child)) continue;
    const auto head = family_of(child);
    if (head && (*head == 0 || ours.contains(*head))) continue;
    // A child that is the head, and not one of ours, is an actor that we have not been told of yet.
    if (head && std::find(all.begin(), all.end(), *head) == all.end()) {
      platform::signal_child(child, platform::kill_signal);
    } else {
      are_told = false;
    }
  }
  return are_told;
}

}  // namespace troupe::process_layer
