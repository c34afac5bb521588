#include "inbox_client.hpp"

#include <troupe/this_actor.hpp>

#include <exception>
#include <random>
#include <utility>

namespace troupe::detail {

namespace {

class somebody {};

queue_visitor draw() {
  std::random_device source;
  return queue_visitor{(std::uint64_t{source()} << 32) | source()};
}

}  // namespace

inbox_client::inbox_client(const actor<inbox>& to)
    : to_{to}, who_{draw()}, writer_{to_, who_}, reader_{to_, who_} {
  to_.tell<&inbox::arrive>(who_, this_actor::self<somebody>());
}

inbox_client::~inbox_client() {
  try {
    to_.tell<&inbox::leave>(who_, has_seat_ ? 0 : reader_.done_at_end());
  } catch (const std::exception&) {
    // The inbox or the system is gone, or this process is ending: then its end is the visit's.
  }
}

bool inbox_client::put(const parcel& item) { return writer_.put(item, no_deadline) == put_outcome::taken; }

packed inbox_client::settle(std::uint32_t seat, std::uint64_t incarnation) {
  auto kept = to_.ask<&inbox::settle>(who_, seat, incarnation).get();
  has_seat_ = true;
  return kept;
}

void inbox_client::keep(std::uint64_t items, packed kept) {
  to_.tell<&inbox::keep>(who_, items, std::move(kept));
}

}  // namespace troupe::detail
