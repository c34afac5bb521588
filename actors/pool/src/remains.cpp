#include <troupe/detail/pool_log.hpp>
#include <troupe/quarantined.hpp>
#include <troupe/switched_off.hpp>

#include <algorithm>
#include <fstream>
#include <utility>

namespace troupe {

namespace {

std::string describe(const lost_attempt& attempt) {
  return attempt.worker + " (pid " + std::to_string(attempt.pid) + "): " + to_string(attempt.status);
}

std::string text_of(const std::vector<lost_attempt>& attempts) {
  std::string text = attempts.size() == 1
                         ? "the worker died while it ran the item: "
                         : "the worker died while it ran the item, " + std::to_string(attempts.size()) +
                               " times, and the item is given up: ";
  for (const auto& each : attempts) text += (&each == &attempts.front() ? "" : "; ") + describe(each);
  return text;
}

std::string in_seconds(std::chrono::nanoseconds time) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  auto fraction = std::to_string(milliseconds % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(milliseconds / 1000) + "." + fraction + " s";
}

}  // namespace

quarantined::quarantined(std::vector<lost_attempt> attempts)
    : actor_down{attempts.back().worker, call_fate::died_running, attempts.back().status},
      attempts_{std::move(attempts)},
      text_{text_of(attempts_)} {}

deadline_exceeded::deadline_exceeded(std::chrono::nanoseconds allowed, lost_attempt attempt)
    : timeout{"the item had run for " + in_seconds(allowed) +
              ", its deadline, and was ended with its worker " + attempt.worker + " (pid " +
              std::to_string(attempt.pid) + ")"},
      allowed_{allowed},
      attempt_{std::move(attempt)} {}

queue_deadline_exceeded::queue_deadline_exceeded(const std::string& pool, std::chrono::nanoseconds allowed)
    : timeout{"the call had waited for a worker of the pool '" + pool + "' for " +
              std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(allowed).count()) +
              " ms, its queue deadline, and was not begun"},
      allowed_{allowed} {}

namespace detail {

std::size_t resident_bytes() {
  constexpr std::size_t kibibyte = 1024;
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;) {
    std::size_t amount = 0;
    if (word == "VmRSS:" && status >> amount) return amount * kibibyte;
  }
  return 0;
}

std::uint64_t last_begun(const pool_log& log) { return log.atomic(0).load(); }

std::uint64_t recall(const pool_log& log, std::uint64_t ticket) {
  raise(log.atomic(5), ticket);
  return last_begun(log);
}

std::optional<pool_remains> pool_remains::of(const pool_log& log, std::uint64_t ticket, std::size_t items) {
  if (switched_off("pool_notes")) return std::nullopt;
  if (log.size() != pool_log_words || log.atomic(0).load() != ticket) return std::nullopt;
  const auto progress = log.atomic(1).load();
  pool_remains found;
  found.is_running_ = progress % 2 == 1;
  if (progress / 2 + (found.is_running_ ? 1 : 0) > items) return std::nullopt;
  found.finished_ = static_cast<std::size_t>(progress / 2);
  found.since_ = std::chrono::steady_clock::time_point{
      std::chrono::steady_clock::duration{static_cast<std::int64_t>(log.atomic(2).load())}};
  found.items_ = items;
  found.failures_left_ = log.atomic(3).load();
  if (found.finished_ != 0) {
    const auto results = std::as_bytes(log.span().subspan(pool_log_header));
    found.bytes_.assign(results.begin(), results.end());
  }
  return found;
}

pool_remains::entry pool_remains::next() {
  const auto left = std::span<const std::byte>{bytes_}.subspan(at_);
  pool_entry_head head = 0;
  if (left.size() < sizeof head) throw malformed_message{"no notes"};
  std::memcpy(&head, left.data(), sizeof head);
  const std::size_t size = head / 2;
  if (size > left.size() - sizeof head) throw malformed_message{"no notes"};
  at_ += sizeof head + size;
  return {left.subspan(sizeof head, size), head % 2 == 1};
}

std::optional<item_failure> pool_remains::next_failure() {
  if (failures_left_ == 0) return std::nullopt;
  --failures_left_;
  return unpack<item_failure>(next().packed);
}

}  // namespace detail

}  // namespace troupe
