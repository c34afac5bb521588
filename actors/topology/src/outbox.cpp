#include "outbox.hpp"

#include <algorithm>
#include <utility>

namespace troupe::detail {

namespace {

// A parcel is one message and goes to one consumer, so it is large enough to pay for that, and small enough to share work.
// (One that may be taken in part carries one value only.)
constexpr std::uint32_t most_values = 256;
constexpr std::size_t most_bytes = 64 << 10;

packed bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

}  // namespace

outbox::outbox(std::vector<edge_start> edges, std::uint32_t writer) : writer_{writer} {
  for (auto& start : edges) {
    edge_state state{.start = std::move(start)};
    if (state.start.route.number != 0) state.hash = part::find(state.start.route).hash;
    if (!state.start.order) {
      for (const auto& to : state.start.inboxes) state.inboxes.push_back(std::make_unique<inbox_client>(to));
    }
    state.open.resize(state.start.inboxes.size());
    edges_.push_back(std::move(state));
  }
}

void outbox::begin(std::uint32_t origin, std::uint64_t ordinal, std::uint64_t share) {
  item_.origin = origin;
  item_.ordinal = ordinal;
  item_.share = share;
  turn_.clear();
  for (auto& edge : edges_) std::fill(edge.open.begin(), edge.open.end(), 0);
}

outbox::addressed& outbox::parcel_for(std::size_t edge, std::size_t inbox) {
  auto& open = edges_[edge].open[inbox];
  if (open != 0) {
    auto& found = turn_[open - 1];
    if (!edges_[edge].start.singly && found.content.values < most_values &&
        found.content.bytes.size() < most_bytes)
      return found;
  }
  turn_.push_back({.edge = edge, .inbox = inbox});
  open = turn_.size();
  return turn_.back();
}

void outbox::emit(const void* value, pack_function pack) {
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    const auto& edge = edges_[i];
    const auto inboxes = edge.start.inboxes.size();
    const auto one = edge.hash == nullptr ? 0 : mixed(edge.hash(value)) % inboxes;
    const auto end = edge.start.to_all ? inboxes : one + 1;
    for (auto inbox = edge.start.to_all ? 0 : one; inbox < end; ++inbox) {
      auto& to = parcel_for(i, inbox).content;
      pack(to.bytes, value);
      ++to.values;
    }
  }
}

void outbox::end_value() {
  for (auto& item : turn_) {
    item.kept_values = item.content.values;
    item.kept_bytes = item.content.bytes.size();
  }
}

void outbox::drop_value(const std::string& reason) {
  for (auto& item : turn_) {
    if (item.content.failed) continue;
    item.content.values = item.kept_values;
    item.content.bytes.resize(item.kept_bytes);
  }
  if (edges_.empty()) return;
  turn_.push_back({.content = {.failed = true, .bytes = bytes_of(reason)}});
}

void outbox::commit() {
  std::erase_if(turn_, [](const auto& item) { return item.content.values == 0 && !item.content.failed; });
  if (turn_.empty() && !edges_.empty()) {  // nothing came of the item: it says so, and carries the share
    turn_.push_back({.inbox = mixed(item_.ordinal) % edges_.front().start.inboxes.size()});
  }
  auto left = item_.share;
  for (std::size_t i = 0; i < turn_.size(); ++i) {
    auto& content = turn_[i].content;
    content.origin = item_.origin;
    content.ordinal = item_.ordinal;
    content.share = i + 1 == turn_.size() ? left : split_share(item_.share, i);
    left -= content.share;
  }
  send_all();
}

void outbox::pass_on(const parcel& item) {
  if (edges_.empty()) return;
  begin(item.origin, item.ordinal, item.share);
  if (!item.marks) turn_.push_back({.content = item});
  send_all();
}

void outbox::send_all() {
  for (std::size_t edge = 0; edge < edges_.size(); ++edge) {
    std::size_t last = turn_.size();
    for (std::size_t i = 0; i < turn_.size(); ++i) {
      if (turn_[i].edge == edge) last = i;
    }
    for (std::size_t i = 0; i < turn_.size(); ++i) {
      if (turn_[i].edge == edge) send(turn_[i], i == last);
    }
    if (last != turn_.size()) continue;
    const auto& start = edges_[edge].start;
    if (start.order) {
      start.order->tell<&sequencer::skip>(item_.origin, item_.ordinal);
    } else if (start.marks) {
      addressed mark{.edge = edge,
                     .content = {.origin = item_.origin, .ordinal = item_.ordinal, .marks = true}};
      send(mark, true);
    }
  }
}

void outbox::finish() {
  for (const auto& edge : edges_) {
    if (edge.start.order) edge.start.order->ask<&sequencer::finish>(writer_).get();
  }
}

void outbox::send(addressed& item, bool is_last) {
  auto& edge = edges_[item.edge];
  item.content.edge = edge.start.edge;
  if (edge.start.order) return edge.start.order->tell<&sequencer::take>(item.content, is_last);
  // Not taken: everyone behind it wants no more items. This one is in no sink's ledger, so it is counted as lost.
  (void)edge.inboxes[item.inbox]->put(item.content);
}

}  // namespace troupe::detail
