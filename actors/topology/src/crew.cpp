#include "crew.hpp"

#include <troupe/errors.hpp>

#include <utility>

namespace troupe::detail {

namespace {

/// The end of a long text, from the beginning of a line.
std::string tail_of(const std::string& text) {
  constexpr std::size_t most = 1000;
  if (text.size() <= most) return text;
  const auto line = text.find('\n', text.size() - most);
  return text.substr(line == text.npos ? text.size() - most : line + 1);
}

// 0 of one whose node has gone down since it was started: the board will tell of its end.
int pid_of(const process& whom) {
  try {
    return whom.pid();
  } catch (const actor_down&) {
    return 0;
  }
}

}  // namespace

crew::~crew() {
  try {
    kill_all();
  } catch (const error&) {
    // The whole system is gone, and they with it.
  }
}

void crew::kill_all() {
  for (const auto& each : members_) {
    if (each.handle.is_alive()) each.handle.kill();
  }
  for (const auto& each : members_) each.handle.join();
}

void crew::replace(std::uint32_t number, process handle, bool is_elsewhere) {
  auto& place = members_.at(number);
  place.pid = pid_of(handle);
  place.handle = std::move(handle);
  place.is_sabotaged = false;
  place.is_elsewhere = is_elsewhere;
  ++place.restarts;
}

std::uint32_t crew::add(process handle, bool is_elsewhere) {
  const auto pid = pid_of(handle);
  members_.push_back({.handle = std::move(handle), .pid = pid, .is_elsewhere = is_elsewhere});
  return size() - 1;
}

void crew::stop(std::uint32_t first, std::uint32_t last, std::chrono::milliseconds grace) {
  const auto until = std::chrono::steady_clock::now() + grace;
  for (auto i = first; i < last; ++i) members_.at(i).handle.stop();
  for (auto i = first; i < last; ++i) {
    const auto& whom = members_.at(i).handle;
    if (whom.join_for(until - std::chrono::steady_clock::now())) continue;
    whom.kill();
    whom.join();
  }
}

std::vector<run_report::actor_entry> crew::entries() {
  std::vector<run_report::actor_entry> all;
  for (const auto& each : members_) {
    run_report::actor_entry entry{
        .name = each.handle.name(), .pid = each.pid, .restarts = each.restarts, .exit = each.handle.join()};
    entry.handled = each.handled != 0 ? each.handled : entry.exit.messages_handled;
    all.push_back(std::move(entry));
  }
  return all;
}

duty_state state_of(const crew::member& whom, const duty_sheet& sheet, std::uint32_t number) {
  return whom.is_elsewhere ? duty_state::handed : state_of(sheet, number);
}

std::string obituary(const crew::member& whom, const exit_status& status, const std::string& doing) {
  std::string text = "actor '" + whom.handle.name() + "' (process " + std::to_string(whom.pid) +
                     ") ended before its work was done: " + to_string(status);
  if (!doing.empty()) text += "; " + doing;
  auto words = tail_of(status.last_words);
  while (!words.empty() && words.back() == '\n') words.pop_back();
  if (words.empty()) return text;
  text += "; the last it wrote to its standard error:\n    ";
  for (const char c : words) {
    text += c;
    if (c == '\n') text += "    ";
  }
  return text;
}

}  // namespace troupe::detail
