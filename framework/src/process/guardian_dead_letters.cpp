// Dead letters: what was accepted by an actor that is gone, or that has died over it. They lie in the journals of those that
// sent them. A sender may go on until it has heard of the end, and says then how far it came.
#include <troupe/switched_off.hpp>

#include "process/guardian.hpp"

#include <algorithm>
#include <system_error>

namespace troupe::process_layer {
namespace {

// Of one mailbox; of more only the number is told.
constexpr std::size_t most_letters = 1000;
constexpr std::size_t most_letter_bytes = std::size_t{16} << 10;
constexpr std::size_t most_bytes = std::size_t{1} << 20;

constexpr std::uint32_t told_already = ~std::uint32_t{0};  // in the place of attempts

std::map<std::uint64_t, std::uint32_t> attempts_at(const actor_record& of, const channel::peer_page& page,
                                                   channel::slot where) {
  std::map<std::uint64_t, std::uint32_t> all;
  for (const auto& each : page.running()) {
    if (each.channel == where && page.has_begun(where, each.sequence)) all[each.sequence] = each.attempt;
  }
  for (const auto& [slot, sequence] : of.given_up) {
    if (channel::slot{slot} == where) all[sequence] = told_already;
  }
  return all;
}

/// What is told of one sender's messages to one actor.
class letters_of {
 public:
  explicit letters_of(unhandled about) : told_{std::move(about)} {}

  void add(const wire::frame& frame, std::uint32_t attempts) {
    const bool asked = frame.header.kind == wire::frame_kind::ask;
    if (frame.header.kind != wire::frame_kind::tell && !asked) return;
    if (asked && attempts == 0) return;  // who asked hears of it
    if (told_.letters.size() == most_letters) {
      ++told_.left_out;
      return;
    }
    const auto size = frame.outside != 0 ? frame.outside : frame.payload.size();
    const auto fate = attempts == 0 ? call_fate::not_started : call_fate::died_running;
    auto& letter =
        told_.letters.emplace_back(unhandled::letter{frame.header.method, size, attempts, fate, asked, {}});
    if (frame.outside != 0 || size > most_letter_bytes || bytes_ + size > most_bytes) return;
    bytes_ += size;
    letter.bytes.resize(size);
    std::copy_n(reinterpret_cast<const std::uint8_t*>(frame.payload.data()), size, letter.bytes.begin());
  }
  [[nodiscard]] bool is_empty() const { return told_.letters.empty(); }
  [[nodiscard]] const unhandled& told() const { return told_; }

 private:
  unhandled told_;
  std::size_t bytes_ = 0;
};

}  // namespace

void guardian::keep_leftovers(const actor_record& of, const exit_status& status) try {
  const auto& page = of.control.look();
  for (const auto& [peer, end] : of.control.channels) {
    client* const sender = find_client(peer);
    if (sender == nullptr || sender == &of.control) continue;
    const auto& its = counterpart(*sender, of.control, end);
    const channel::slot slot{end.slot};
    leftovers_.push_back({sender->id,
                          its.slot,
                          its.kept,
                          its.outgoing,
                          page.finished(slot),
                          head_of(*sender, its),
                          attempts_at(of, page, slot),
                          {of.ref, of.name, static_cast<std::int32_t>(of.pid), status}});
  }
} catch (const std::system_error&) {
  // No descriptors: an account is not worth more than what goes on.
}

// Of senders that have ended before it.
void guardian::report_orphans(const actor_record& of, const exit_status& status) try {
  if (of.control.orphans.empty()) return;
  const auto& page = of.control.look();
  for (const auto& each : of.control.orphans) {
    const channel::slot slot{each.slot};
    report_unhandled({each.peer,
                      each.peer_slot,
                      each.kept,
                      channel::opposite(each.outgoing),
                      page.finished(slot),
                      channel::peer_page::of_own_making(each.peer_page).head(channel::slot{each.peer_slot}),
                      attempts_at(of, page, slot),
                      {of.ref, of.name, static_cast<std::int32_t>(of.pid), status}});
  }
} catch (const std::system_error&) {
  // As above.
}

// The sender will send no more there.
void guardian::settle_leftover(const client& sender, std::uint32_t slot, std::uint64_t head) {
  const auto place = std::find_if(leftovers_.begin(), leftovers_.end(), [&](const leftover& each) {
    return each.sender == sender.id && each.slot == slot;
  });
  if (place == leftovers_.end()) return;
  place->head = std::max(place->head, head);
  report_unhandled(*place);
  leftovers_.erase(place);
}

// Nor anywhere.
void guardian::settle_leftovers(const client& sender) {
  const auto is_its = [&](const leftover& each) { return each.sender == sender.id; };
  if (std::none_of(leftovers_.begin(), leftovers_.end(), is_its)) return;
  const auto& page = sender.look();
  std::erase_if(leftovers_, [&](leftover& each) {
    if (!is_its(each)) return false;
    each.head = std::max(each.head, page.head(channel::slot{each.slot}));
    report_unhandled(each);
    return true;
  });
}

void guardian::report_unhandled(const leftover& of) {
  tell_letters(of, [&](std::uint64_t sequence) -> std::optional<std::uint32_t> {
    const auto begun = of.attempts.find(sequence);
    if (begun == of.attempts.end()) return 0;
    return begun->second == told_already ? std::nullopt : std::optional{begun->second};
  });
}

// Those that a process died over, and that the next one does not begin again.
void guardian::report_given_up(actor_record& by, const client::channel_end& end, const client& sender,
                               const client::channel_end& its, const revival& next) try {
  const auto known = next.unfinished.find(end.slot);
  if (known == next.unfinished.end()) return;
  std::map<std::uint64_t, std::uint32_t> attempts;
  for (const auto& each : known->second) {
    if (!each.goes_on && by.given_up.emplace(end.slot, each.sequence).second)
      attempts[each.sequence] = each.attempts;
  }
  if (attempts.empty()) return;
  const auto& page = by.control.look();
  tell_letters({sender.id,
                its.slot,
                its.kept,
                its.outgoing,
                page.finished(channel::slot{end.slot}),
                head_of(sender, its),
                attempts,
                {by.ref, by.name, static_cast<std::int32_t>(by.pid), by.last.status}},
               [&](std::uint64_t sequence) -> std::optional<std::uint32_t> {
                 const auto tried = attempts.find(sequence);
                 return tried == attempts.end() ? std::nullopt : std::optional{tried->second};
               });
} catch (const std::system_error&) {
  // As above.
}

// Of what was left those for which `attempts_of` has a number.
void guardian::tell_letters(
    const leftover& of, const std::function<std::optional<std::uint32_t>(std::uint64_t)>& attempts_of) try {
  if (of.head <= of.finished.position || switched_off("dead_letters")) return;
  letters_of letters{{of.receiver.name, of.receiver.pid, name_of(of.sender), of.receiver.status, {}, 0}};
  of.kept->for_each_unread(of.outgoing, of.finished, of.head, [&](const wire::frame& frame) {
    if (const auto attempts = attempts_of(frame.header.sequence)) letters.add(frame, *attempts);
  });
  if (!letters.is_empty()) send(host_, letters.told());
} catch (const std::system_error&) {
  // As above.
}

/// How far a sender's journal is valid: what it says.
std::uint64_t guardian::head_of(const client& sender, const client::channel_end& its) {
  return sender.look().head(channel::slot{its.slot});
}

std::string guardian::name_of(std::uint32_t id) const {
  if (id == 0) return {};
  if (const auto alive = actors_.find(id); alive != actors_.end()) return alive->second->name;
  const auto ended =
      std::find_if(ended_.rbegin(), ended_.rend(), [id](const auto& each) { return each.ref.id == id; });
  return ended == ended_.rend() ? "number " + std::to_string(id) : ended->name;
}

}  // namespace troupe::process_layer
