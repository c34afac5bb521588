#include "ledger.hpp"

#include <algorithm>
#include <numeric>

namespace troupe::detail {

namespace {

/// Adds a share of an item, and the item to the completed ones once its shares are whole.
void book(origin_account& account, std::uint64_t ordinal, std::uint64_t share, std::uint64_t whole) {
  if (account.completed.contains(ordinal)) {
    ++account.repeats;
    return;
  }
  if (share == whole) {
    account.completed.add(ordinal);
    if (account.parts.erase(ordinal) != 0) ++account.repeats;  // a part of it came, and then all of it
    return;
  }
  auto& shares = account.parts[ordinal];
  if (std::find(shares.begin(), shares.end(), share) != shares.end()) {
    ++account.repeats;
    return;
  }
  shares.push_back(share);
  if (std::accumulate(shares.begin(), shares.end(), std::uint64_t{0}) == whole) {
    account.parts.erase(ordinal);
    account.completed.add(ordinal);
  }
}

}  // namespace

void ledger::complete(const parcel& done) {
  book(origins[done.origin], done.ordinal, done.share, whole_share(done.origin, done.ordinal));
}

void ledger::fail(const parcel& given_up, std::string reason) {
  origins[given_up.origin].failed.add(given_up.ordinal);
  if (reasons.size() < most_reasons) reasons.push_back(std::move(reason));
}

void ledger::merge(const ledger& other) {
  for (const auto& [origin, theirs] : other.origins) {
    auto& ours = origins[origin];
    ours.repeats += theirs.repeats + ours.completed.merge(theirs.completed);
    (void)ours.failed.merge(theirs.failed);
    ours.repeats +=
        std::erase_if(ours.parts, [&](const auto& entry) { return ours.completed.contains(entry.first); });
    for (const auto& [ordinal, shares] : theirs.parts) {
      for (const auto share : shares) book(ours, ordinal, share, whole_share(origin, ordinal));
    }
  }
  for (const auto& reason : other.reasons) {
    if (reasons.size() < most_reasons) reasons.push_back(reason);
  }
}

}  // namespace troupe::detail
