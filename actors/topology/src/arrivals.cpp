#include "arrivals.hpp"

namespace troupe::detail {

bool arrivals::add(const parcel& item) {
  auto& from = origins_[item.origin];
  if (item.share == whole_share(item.origin, item.ordinal)) return from.whole.add(item.ordinal);
  return from.parts.insert({item.ordinal, item.share}).second;
}

}  // namespace troupe::detail
