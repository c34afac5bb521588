#include "channel/channel.hpp"

#include <troupe/errors.hpp>
#include <troupe/switched_off.hpp>

#include "channel/outside.hpp"
#include "wire/shared_memory.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <thread>

namespace troupe::channel {
namespace {

/// What is read of a journal at once where messages are small: they are still in the first cache when they are handled.
constexpr std::size_t mouthful = std::size_t{8} << 10;
/// Larger requests are handled where they lie. On the lane `socket`, the most in one packet.
constexpr std::size_t large = mouthful;
constexpr std::size_t max_packet = large + 1024;
/// Payloads up to this lie in a journal of any capacity.
constexpr std::size_t always_inside = std::size_t{64} << 10;
/// Turns of a short loop, some microseconds in all: meanwhile tens of short messages are finished.
constexpr int looks_apart = 128;

// Unfinished messages whose payload travels outside. Together with one packet of bytes, one that calls and one that offers
// room, their packets fit a socket's buffer (208 KiB), so that none of ours finds it full, but for bytes on the lane `socket`.
constexpr std::size_t max_outside_messages = 48;
// Of these messages together: under the limits of users who are not root.
constexpr std::size_t max_outside_descriptors = 64;

enum class packet_kind : std::uint64_t {
  bytes = 1,    ///< of the journal, from `position`
  room = 2,     ///< messages of the receiver of this packet have been finished
  outside = 3,  ///< descriptors: the payload of the frame whose sequence is `position`, and its shared memory
  call = 4,     ///< there is something in the journal
};

struct packet_header {
  packet_kind kind;
  std::uint64_t position;
};

std::span<const std::byte> bytes_of(const packet_header& header) {
  return std::as_bytes(std::span{&header, 1});
}

}  // namespace

channel::channel(page& own, channel_parts parts)
    : own_page_{own},
      peer_page_{parts.peer_page},
      socket_{std::move(parts.socket)},
      out_{parts.journals, parts.outgoing, platform::access::read_write},
      in_{out_.other(parts.journals, platform::access::read)},
      max_inside_{std::clamp(out_.capacity() / 4, always_inside, wire::max_inside_payload)},
      own_slot_{parts.own_slot},
      peer_slot_{parts.peer_slot},
      peer_{parts.peer},
      epoch_{parts.epoch} {
  own_page_.use(own_slot_);
  if (epoch_ != 0) go_on(parts.peer_has_died);
}

// From what the page and the journals say. Frames up to the head are whole, and the one behind the last tells the number.
void channel::go_on(bool peer_has_died) {
  tail_ = published_ = own_page_.head(own_slot_);
  finished_ = peer_page_.finished(peer_slot_);
  if (finished_.position > tail_ || tail_ - finished_.position > out_.capacity())
    throw malformed_message{"a finished mark is where it cannot be"};
  sequence_ = finished_.sequence;
  for (auto at = finished_.position; at < tail_;) {
    std::size_t size = 0;
    wire::frame frame;
    if (!wire::read_frame(out_.at(at, tail_ - at), frame, size))
      throw malformed_message{"a journal ends within a frame"};
    sequence_ = frame.header.sequence;
    at += size;
  }
  // A mark's position is written last: where a death came in between, the frame there tells its number.
  done_ = own_page_.finished(own_slot_);
  if (peer_page_.head(peer_slot_) > done_.position) {
    wire::frame_header next;
    in_.copy(done_.position, std::as_writable_bytes(std::span{&next, 1}));
    done_.sequence = next.sequence - 1;
  }
  received_ = done_.position;
  inbound_.begin_behind(done_.sequence, done_.position);
  if (peer_has_died) inbound_.lose_outside_below(peer_page_.head(peer_slot_));
}

void channel::detach() {
  closed_.store(true, std::memory_order_release);
  socket_.reset();
}

void channel::reattach(platform::descriptor socket, std::uint32_t epoch) {
  refresh_finished();
  const auto begin_at = [epoch](journal_header& header, std::uint64_t position) {
    header.sent.store(position, std::memory_order_relaxed);
    header.received.store(position, std::memory_order_relaxed);
    header.is_watched.store(0, std::memory_order_relaxed);
    header.is_called.store(0, std::memory_order_relaxed);
    header.epoch.store(epoch, std::memory_order_release);
  };
  out_.header().revoked.store(0, std::memory_order_relaxed);
  socket_ = std::move(socket);
  epoch_ = epoch;
  closed_.store(false, std::memory_order_release);
  send_company_again();
  begin_at(in_.header(), received_);
  begin_at(out_.header(), finished_.position);
}

wire::frame channel::next_frame(const envelope& what, std::size_t payload, std::size_t attached) const {
  const bool outside = payload > max_inside_;
  wire::frame next;
  next.header.kind = what.kind;
  next.header.method = what.method;
  next.header.actor = peer_;
  next.header.sequence = sequence_ + 1;
  next.header.incarnation = what.incarnation;
  next.header.words = static_cast<std::uint8_t>((what.kind == wire::frame_kind::ask ? wire::call_word : 0) |
                                                (outside ? wire::outside_word : 0) |
                                                (attached != 0 ? wire::attached_word : 0));
  next.header.length = outside ? 0 : static_cast<std::uint32_t>(payload);
  next.call = what.call;
  next.outside = outside ? payload : 0;
  next.attached = attached;
  return next;
}

bool channel::append(const envelope& what, const detail::body& values) {
  const auto next = next_frame(what, values.size, values.attached.size());
  if (!has_room(next)) return false;
  if (next.outside != 0)
    return append_outside(next, write_outside("troupe-message", values), values.attached);
  return append_inside(next, values);
}

bool channel::append_inside(const wire::frame& next, const detail::body& values) {
  const auto size = wire::frame_size(next.header.words, next.header.length);
  out_.prepare(tail_);
  detail::byte_writer out{wire::write_frame(out_.at(tail_, size), next)};
  values.write(values.values, out);
  if (next.attached != 0 && !send_company(next, {}, values.attached)) return false;
  ++sequence_;
  tail_ += size;
  return true;
}

// What travels beside a frame is sent once nothing of that frame can throw any more, and before anybody sees it.
bool channel::send_company(const wire::frame& next, const platform::descriptor& payload,
                           const detail::attached_memory& attached) {
  const packet_header header{packet_kind::outside, next.header.sequence};
  const auto descriptors = wire::numbers_of(attached, payload);
  // Full: max_outside_messages excludes it, but where the other end breaks that rule, its own messages wait. Where it has
  // closed, nobody will read the frame either.
  if (socket_ &&
      platform::send_packet(socket_.get(), {bytes_of(header)}, descriptors) == platform::send_result::full)
    return false;
  outside_.push_back({next.header.sequence, next.outside, descriptors.size()});
  if (keeps_outside_) {
    if (payload) outside_.back().payload = payload.duplicate();
    outside_.back().attached = attached;
  }
  outside_bytes_ += next.outside;
  outside_descriptors_ += descriptors.size();
  return true;
}

void channel::send_company_again() {
  for (const auto& each : outside_) {
    const packet_header header{packet_kind::outside, each.sequence};
    (void)platform::send_packet(socket_.get(), {bytes_of(header)},
                                wire::numbers_of(each.attached, each.payload));
  }
}

bool channel::append_outside(const wire::frame& next, const platform::descriptor& memory,
                             const detail::attached_memory& attached) {
  if (!send_company(next, memory, attached)) return false;
  const auto size = wire::frame_size(next.header.words, 0);
  wire::write_frame(out_.at(tail_, size), next);
  ++sequence_;
  tail_ += size;
  return true;
}

bool channel::has_room_outside(const wire::frame& next) const {
  if (next.outside == 0 && next.attached == 0) return true;
  const auto descriptors = next.attached + (next.outside != 0 ? 1 : 0);
  return outside_.size() < max_outside_messages &&
         outside_descriptors_ + descriptors <= max_outside_descriptors;
}

bool channel::has_room(const wire::frame& next) {
  const auto frame = wire::frame_size(next.header.words, next.header.length);
  const auto fits = [&] {
    if (sequence_ == finished_.sequence)
      return true;  // nothing unfinished: a message of any size passes alone
    if (!has_room_outside(next)) return false;
    const auto used = tail_ - finished_.position + frame;
    if (bounds_ignored_) return used <= out_.capacity();
    const auto outside = outside_bytes_ + next.outside;
    // Answers are bounded by the questions, and by their bytes: who waits for one takes it before what he has been told.
    const bool fits_in_number = next.is_reply() || sequence_ - finished_.sequence < out_.max_messages();
    return used <= out_.capacity() && fits_in_number && (outside == 0 || used + outside <= out_.capacity());
  };
  if (fits()) return true;
  look_for_finished();
  return fits();
}

// Each look takes the page's lines from the CPU that is at work on them. Where every message were looked for alone, both
// ends would do little else: so there is a moment between two looks that bring little.
void channel::look_for_finished() {
  if (room_is_scarce_) {
    for (int i = 0; i < looks_apart; ++i) platform::relax();
    std::this_thread::yield();
  }
  const auto before = finished_.position;
  refresh_finished();
  const auto gained = finished_.position - before;
  room_is_scarce_ =
      gained != 0 && gained < (tail_ - before) / 16;  // for one that stands still there is no pause
}

void channel::refresh_finished() {
  const auto seen = peer_page_.finished(peer_slot_);
  if (switched_off("finished_checked")) return static_cast<void>(finished_ = seen);
  // The other end's figures: believed only where they are possible.
  if (seen.sequence < finished_.sequence || seen.sequence > sequence_) return;
  if (seen.position < finished_.position || seen.position > tail_) return;
  finished_ = seen;
  while (!outside_.empty() && outside_.front().sequence <= finished_.sequence) {
    outside_bytes_ -= outside_.front().size;
    outside_descriptors_ -= outside_.front().descriptors;
    outside_.pop_front();
  }
}

void channel::append_or_keep(const envelope& what, const detail::body& values) {
  if (kept_.empty() && append(what, values)) return;
  kept_message kept{what, values.size, {}, {}, values.attached};
  if (values.size > max_inside_) {
    kept.outside = write_outside("troupe-message", values);  // as it will travel: no second copy
  } else {
    kept.payload.resize(values.size);
    detail::byte_writer out{kept.payload};
    values.write(values.values, out);
  }
  kept_.push_back(std::move(kept));
}

bool channel::has_kept_requests() const {
  return std::any_of(kept_.begin(), kept_.end(), [](const auto& kept) {
    return kept.what.kind == wire::frame_kind::tell || kept.what.kind == wire::frame_kind::ask;
  });
}

bool channel::append_kept() {
  while (!kept_.empty()) {
    const auto& kept = kept_.front();
    const auto next = next_frame(kept.what, kept.size, kept.attached.size());
    if (!has_room(next)) return false;
    if (next.outside != 0) {
      if (!append_outside(next, kept.outside, kept.attached)) return false;
    } else {
      const bool appended = append_inside(next, {kept.size, &kept.payload,
                                                 [](const void* bytes, detail::byte_writer& out) {
                                                   const auto& from =
                                                       *static_cast<const std::vector<std::byte>*>(bytes);
                                                   out.put(from.data(), from.size());
                                                 },
                                                 kept.attached});
      if (!appended) return false;
    }
    kept_.pop_front();
  }
  return true;
}

bool channel::claim(std::uint64_t from, std::uint64_t to, journal_header& header) const {
  return header.sent.compare_exchange_strong(from, to, std::memory_order_acq_rel);
}

void channel::stage() {
  published_ = tail_;
  own_page_.stage_head(own_slot_, tail_);
}

void channel::publish() {
  published_ = tail_;
  own_page_.publish_head(own_slot_, tail_);
}

void channel::push() {
  // Pairs with the fence in page::set_idle: either the other end sees the new head before it sleeps, or we see it idle.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (out_.way() == lane::socket) return push_packets();
  if (!peer_page_.idle() || out_.header().is_watched.load(std::memory_order_relaxed) != 0) return;
  if (!closed() && is_attached(out_)) call_peer();
}

// What the socket does not take the other end finds in the journal, when it has read the packets before it.
void channel::push_packets() {
  if (closed() || !is_attached(out_)) return;
  const auto& header = out_.header();
  std::optional<std::uint64_t> was_full_at;
  auto from = header.sent.load(std::memory_order_acquire);
  while (is_unsent(from)) {
    const auto result = send_bytes(from, std::min<std::uint64_t>(published_, from + large));
    if (result == platform::send_result::closed) return;
    if (result == platform::send_result::full) {
      // What is there wakes the other end, unless it has read all of it since.
      if (was_full_at == from || header.received.load(std::memory_order_acquire) != from) return;
      was_full_at = from;
      continue;
    }
    const auto next = header.sent.load(std::memory_order_acquire);
    if (next <= from) return;  // nobody honest takes it back
    from = next;
  }
}

// Not sent, they stay in the journal.
platform::send_result channel::send_bytes(std::uint64_t from, std::uint64_t to) {
  auto& header = out_.header();
  if (!claim(from, to, header)) return platform::send_result::sent;  // the other end has just taken them
  const packet_header packet{packet_kind::bytes, from};
  const auto result = platform::send_packet(socket_.get(), {bytes_of(packet), out_.at(from, to - from)});
  if (result == platform::send_result::sent) return result;
  header.sent.store(from, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with the one in page::set_idle
  return result;
}

// Has it look into the journal. A call that it has not read is as good as a new one: as long as there is one it does not sleep.
void channel::call_peer() {
  auto& is_called = out_.header().is_called;
  if (is_called.exchange(1, std::memory_order_acq_rel) != 0) return;
  const packet_header packet{packet_kind::call, 0};
  if (platform::send_packet(socket_.get(), {bytes_of(packet)}) != platform::send_result::sent)
    is_called.store(0, std::memory_order_release);
}

void channel::want_room() {
  out_.header().wants_room.store(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with offer_room's
}

bool channel::revoke(std::uint64_t sequence) {
  auto& word = out_.header().revoked;
  auto mark = sequence << 1U;
  if ((word.load(std::memory_order_relaxed) & 1U) != 0) return false;  // doomed already, and for good
  word.store(mark, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with is_dropped's and push's
  if (!has_begun(sequence) || is_finished(sequence)) return false;
  return word.compare_exchange_strong(mark, mark | 1U, std::memory_order_acq_rel);
}

bool channel::is_dropped(std::uint64_t sequence) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  auto& word = in_.header().revoked;
  auto mark = sequence << 1U;
  return word.load(std::memory_order_relaxed) == mark &&
         word.compare_exchange_strong(mark, 0, std::memory_order_acq_rel);
}

bool channel::is_doomed(std::uint64_t sequence) {
  auto& word = in_.header().revoked;
  auto mark = sequence << 1U;
  const auto now = word.load(std::memory_order_relaxed);
  if ((now | 1U) != (mark | 1U)) return false;
  return now != mark || !word.compare_exchange_strong(mark, 0, std::memory_order_acq_rel);
}

bool channel::next(message& whole) {
  while (!inbound_.may_have_whole() || !inbound_.next(whole)) {
    if (!take_from_journal()) return false;
  }
  return true;
}

bool channel::hand_over(const sink& to) {
  bool any = false;
  for (;; any = true) {
    message whole;
    if (!inbound_.next(whole)) return any;
    to(std::move(whole));
  }
}

bool channel::pump_journal(const sink& to) {
  bool progress = inbound_.may_have_whole() && hand_over(to);
  while (take_from_journal()) {
    progress = true;
    hand_over(to);
  }
  return progress;
}

// The journal first, and where it had whole messages the socket can wait: looking there is a system call.
bool channel::pump(const sink& to) {
  bool progress = pump_journal(to);
  if (progress && !inbound_.has_unfinished()) return true;
  while (take_from_journal() || receive_one_packet() != received::nothing) {
    progress = true;
    if (hand_over(to) && !has_news() && !inbound_.has_unfinished()) break;
  }
  return progress;
}

bool channel::pump_readable(const sink& to) {
  if (pump_journal(to)) return true;
  const bool came = read_packets();
  return pump_journal(to) || came;
}

bool channel::read_packets() {
  for (bool any = false;; any = true) {
    const auto came = receive_one_packet();
    if (came != received::other) return any || came == received::call;
  }
}

void channel::drain(const sink& to) {
  while (pump(to)) {
  }
  closed_.store(true, std::memory_order_release);
  pump(to);
}

channel::received channel::receive_one_packet() {
  if (closed()) return received::nothing;
  packet_header header{};
  const auto room = inbound_.room(max_packet);
  auto came = platform::receive_packet(socket_.get(), {std::as_writable_bytes(std::span{&header, 1}), room});
  if (came.result == platform::receive_result::empty) return received::nothing;
  if (came.result == platform::receive_result::closed) {
    closed_.store(true, std::memory_order_release);
    return received::other;  // once more, for what is left in the journal
  }
  const auto refuse = [](const char* why) {
    throw malformed_message{std::string{"a packet on a channel "} + why};
  };
  if (came.cut) refuse("was cut short: it is too large");
  if (came.size < sizeof header) refuse("is shorter than its header");
  const auto size = came.size - sizeof header;
  switch (header.kind) {
    case packet_kind::bytes:
      if (header.position != received_) refuse("does not continue where the last one ended");
      inbound_.filled(size);
      received_ += size;
      in_.header().received.store(received_, std::memory_order_release);
      break;
    case packet_kind::room: break;
    // With the exchange what the sender had shown when it saw the mark is seen here.
    case packet_kind::call: in_.header().is_called.exchange(0, std::memory_order_acq_rel); break;
    case packet_kind::outside:
      if (came.lost) came.descriptors.clear();  // the first of them may have come
      if (came.descriptors.empty() != came.lost) refuse("announces a payload that did not come with it");
      inbound_.put_outside(header.position, std::move(came.descriptors));
      break;
    default: refuse("is of an unknown kind");
  }
  return header.kind == packet_kind::call ? received::call : received::other;
}

bool channel::take_from_journal() {
  if (!closed() && !is_attached(in_)) return false;
  const auto head = peer_page_.head(peer_slot_);
  if (head == received_) return false;
  if (head < received_ || head - received_ > in_.capacity()) {
    throw malformed_message{"a journal's head is where it cannot be"};
  }
  if (keeps_in_place_ && take_in_place(head)) return true;
  const auto most = std::max(mouthful, inbound_.missing());
  const auto size = std::min<std::uint64_t>(head - received_, most);
  const auto room = inbound_.room(size).first(size);
  const auto from = received_;
  if (!take_up_to(from + size)) return false;
  in_.copy(from, room);
  inbound_.filled(size);
  return true;
}

bool channel::take_up_to(std::uint64_t position) {
  // A dead sender claims nothing any more; what it had claimed and not sent is ours.
  if (!closed() && !claim(received_, position, in_.header())) return false;
  received_ = position;
  in_.header().received.store(received_, std::memory_order_release);
  return true;
}

// A large request next; of what has been copied of it, behind smaller messages, nothing is used.
bool channel::take_in_place(std::uint64_t head) {
  const auto begin = received_ - inbound_.unfinished();
  if (head - begin <= large || head - begin > in_.capacity()) return false;
  wire::frame next;
  std::size_t size = 0;
  if (!wire::read_frame(in_.at(begin, head - begin), next, size)) return false;
  const auto end = begin + size;
  const bool is_request =
      next.header.kind == wire::frame_kind::tell || next.header.kind == wire::frame_kind::ask;
  if (size <= large || end <= received_ || !is_request || next.has_company()) return false;
  if (!take_up_to(end)) return false;
  inbound_.put_in_place(next, size, in_.ring());
  return true;
}

bool channel::has_more() const {
  if (inbound_.may_have_whole()) return true;
  return !closed() && peer_page_.head(peer_slot_) != received_ && is_attached(in_) &&
         in_.header().sent.load(std::memory_order_acquire) == received_;
}

void channel::stage_finished(progress done) {
  done_ = done;
  own_page_.stage_finished(own_slot_, done);
}

void channel::publish_finished(progress done) {
  done_ = done;
  own_page_.publish_finished(own_slot_, done);
}

void channel::offer_room() {
  auto& wants = in_.header().wants_room;
  if (wants.load(std::memory_order_relaxed) == 0 || !socket_) return;
  if (received_ - done_.position > in_.capacity() / 2) return;
  if (wants.exchange(0, std::memory_order_acq_rel) == 0) return;
  const packet_header packet{packet_kind::room, 0};
  platform::send_packet(socket_.get(),
                        {bytes_of(packet)});  // where that is full, the sender has something to wake it
}

}  // namespace troupe::channel
