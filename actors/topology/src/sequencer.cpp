#include "sequencer.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace troupe::detail {

namespace {

/// Unless it has come before.
void add(std::vector<parcel>& all, parcel item) {
  const auto same = [&](const parcel& other) {
    return other.share == item.share && other.failed == item.failed;
  };
  if (std::none_of(all.begin(), all.end(), same)) all.push_back(std::move(item));
}

}  // namespace

sequencer::sequencer(const actor<inbox>& to, const std::vector<std::uint32_t>& sources, std::uint32_t writers,
                     std::uint64_t window)
    : inbox_{std::make_unique<inbox_client>(to)}, window_{window}, writers_{writers} {
  for (const auto source : sources) sequences_.try_emplace(source);
}

promise<std::uint64_t> sequencer::permit(std::uint32_t source, std::uint64_t position) {
  promise<std::uint64_t> answer;
  auto& of = sequences_[source];
  of.sources.push_back({position, answer});
  permit_what_is_due(of);
  return answer;
}

void sequencer::take(parcel item, bool is_last) {
  const auto place = sequences_.find(item.origin);
  if (place == sequences_.end()) {
    auto& late = late_[{item.origin, item.ordinal}];
    return add(late, std::move(item));
  }
  if (item.ordinal < place->second.next) return;
  auto& waiting = place->second.early[item.ordinal];
  waiting.is_whole = waiting.is_whole || is_last;
  add(waiting.parcels, std::move(item));
  pass_on_what_is_due(place->second);
}

void sequencer::skip(std::uint32_t source, std::uint64_t ordinal) {
  const auto place = sequences_.find(source);
  if (place == sequences_.end() || ordinal < place->second.next) return;
  place->second.early[ordinal].is_whole = true;
  pass_on_what_is_due(place->second);
}

promise<void> sequencer::finish(std::uint32_t writer) {
  promise<void> answer;
  ended_.push_back(answer);
  finished_.insert(writer);
  if (!is_over()) return answer;
  for (auto& [source, of] : sequences_) {
    // An item is missing where those who would have made it have left: what comes behind it is as good as before.
    for (const auto& [ordinal, waiting] : std::exchange(of.early, {})) pass_on(waiting.parcels);
    permit_what_is_due(of);
  }
  for (const auto& [whose, parcels] : std::exchange(late_, {})) pass_on(parcels);
  inbox_.reset();  // gives back its reservations: nobody is to wait for them
  for (const auto& each : std::exchange(ended_, {})) each.set_value();
  return answer;
}

void sequencer::pass_on_what_is_due(sequence& of) {
  for (auto first = of.early.begin();
       first != of.early.end() && first->first == of.next && first->second.is_whole; ++of.next) {
    pass_on(first->second.parcels);
    first = of.early.erase(first);
  }
  permit_what_is_due(of);
}

/// Half a window at a time, so that a source does not ask for every item.
void sequencer::permit_what_is_due(sequence& of) {
  const bool over = is_over();
  std::erase_if(of.sources, [&](const waiting_source& source) {
    if (!over && source.position >= of.next + (window_ + 1) / 2) return false;
    source.answer.set_value(over ? std::numeric_limits<std::uint64_t>::max() : of.next + window_);
    return true;
  });
}

void sequencer::pass_on(const std::vector<parcel>& parcels) try {
  for (const auto& item : parcels) {
    // Closed: everyone behind it wants no more items, and what is left is counted as lost.
    if (nobody_reads_ || inbox_ == nullptr) return;
    nobody_reads_ = !inbox_->put(item);
  }
} catch (const actor_down&) {
  nobody_reads_ = true;  // its end is told to whoever runs this
}

}  // namespace troupe::detail
