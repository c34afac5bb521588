#include "inbox.hpp"

#include <troupe/switched_off.hpp>

#include <utility>

namespace troupe::detail {

inbox::inbox(inbox_options options)
    : base{queue_rules{.capacity = options.capacity,
                       .capacity_bytes = options.capacity_bytes,
                       .at_once = options.at_once}},
      duty_{std::move(options.duties), options.member} {}

void inbox::arrive(queue_visitor who, const process& where) {
  introduce(who, where);
  where.on_down([this, who](const exit_status&) { leave(who, 0); });
}

void inbox::put(queue_visitor who, parcel item) {
  if (!item.marks && !arrivals_.add(item) && !switched_off("repeats_dropped")) {
    ++account_.repeats;
    return refuse(who);
  }
  account_.accepted += item.marks || item.failed ? 0 : 1;
  auto& edge = count_of(item.edge);
  edge.items += item.values;
  edge.bytes += item.failed ? 0 : item.bytes.size();
  base::put(who, std::move(item));
  tell_duty();
}

promise<queue_batch<parcel>> inbox::take(queue_visitor who, std::uint32_t wanted, std::uint64_t done,
                                         std::uint64_t received, queue_wait wait) {
  auto answer = base::take(who, wanted, seated_.contains(who) ? 0 : done, received, wait);
  tell_duty();
  return answer;
}

void inbox::leave(queue_visitor who, std::uint64_t done) {
  base::leave(who, done);
  const auto place = seated_.find(who);
  if (place != seated_.end()) {
    const auto number = place->second;
    seated_.erase(place);
    seats_[number].holder.reset();
    admit_next(number);
  }
  tell_duty();
}

promise<packed> inbox::settle(queue_visitor who, std::uint32_t number, std::uint64_t incarnation) {
  promise<packed> answer;
  auto& here = seats_[number];
  if (incarnation < here.incarnation) return answer;
  here.incarnation = incarnation;
  here.next = {who, answer};
  admit_next(number);
  return answer;
}

void inbox::admit_next(std::uint32_t number) {
  auto& here = seats_[number];
  if (here.holder || !here.next) return;
  const auto [who, answer] = *std::exchange(here.next, std::nullopt);
  here.holder = who;
  seated_[who] = number;
  answer.set_value(here.kept);
}

void inbox::keep(queue_visitor who, std::uint64_t items, packed kept) {
  const auto place = seated_.find(who);
  if (place == seated_.end()) return;
  if (!switched_off("saved_with_done")) seats_[place->second].kept = std::move(kept);
  base::done(who, items);
  tell_duty();
}

inbox_account inbox::account() const { return account_; }

/// There are few.
edge_count& inbox::count_of(std::uint32_t edge) {
  for (auto& each : account_.edges) {
    if (each.edge == edge) return each;
  }
  return account_.edges.emplace_back(edge_count{.edge = edge});
}

void inbox::tell_duty() {
  const bool idle = has_nothing();
  if (idle == std::exchange(is_idle_, idle)) return;
  idle ? duty_.rest() : duty_.be_handed();
}

}  // namespace troupe::detail
