// A channel: one process's end of its connection with another. Two journals, two pages and a socket pair between them.
#pragma once

#include <troupe/detail/body.hpp>

#include "channel/inbound.hpp"
#include "channel/journal.hpp"
#include "channel/page.hpp"
#include "platform/packet.hpp"
#include "wire/frame.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace troupe::channel {

/// What the guardian hands to each end.
struct channel_parts {
  platform::descriptor socket;
  platform::descriptor journals;
  platform::descriptor peer_page;
  direction outgoing{};    ///< which of both is this end's
  slot own_slot{};         ///< in this process's page
  slot peer_slot{};        ///< in the other's
  std::uint32_t peer = 0;  ///< the other process's actor id; 0 is the host
  std::uint32_t epoch =
      0;  ///< of the attachment to wait for, where this process goes on with what a dead one had
  bool peer_has_died = false;  ///< as well: what travelled beside its frames is lost
};

/// What goes into a frame beside its payload.
struct envelope {
  wire::frame_kind kind = wire::frame_kind::tell;
  std::uint64_t method = 0;
  std::uint64_t call = 0;
  std::uint16_t incarnation = 0;  ///< of who answers
};

/// One end. Sending members must be called by one thread at a time, receiving ones likewise; one of each may run at once.
class channel {
 public:
  channel(page& own, channel_parts parts);

  [[nodiscard]] std::uint32_t peer() const { return peer_; }
  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] slot own_slot() const { return own_slot_; }
  [[nodiscard]] slot peer_slot() const { return peer_slot_; }

  // --- When the other end's process is replaced ---------------------------------------------------------------------
  //
  //   survivor                                        successor
  //     detach      drains what the dead one had        made with an epoch: tail, head and finished marks as the page and
  //                 committed; appends go on            the journals have them; sends and takes nothing yet
  //     reattach    brings both journals' `sent` and
  //                 `received` to where the successor
  //                 begins, then writes the epoch ───▶  goes on

  /// The other end's process has died and another will come: nothing is sent or received until then.
  void detach();
  /// It is there. What travels outside the journal and was not finished is sent again; call `push` then.
  void reattach(platform::descriptor socket, std::uint32_t epoch);
  /// Keeps what travels outside the journal until it is finished, so that it can be sent again.
  void keep_outside() { keeps_outside_ = true; }

  // --- Sending ------------------------------------------------------------------------------------------------------

  /// Encodes a message behind the tail, where the other end does not see it yet; false, and nothing done, where there is no
  /// room. Throws what the values' encoding throws; then nothing was done either.
  bool append(const envelope& what, const detail::body& values);

  /// Whether a message of so many bytes, and so many pieces of memory beside them, would find room, or nothing is unfinished.
  [[nodiscard]] bool has_room_for(std::size_t payload, std::size_t attached) {
    return kept_.empty() && has_room(next_frame({}, payload, attached));
  }

  /// As `append`, but keeps the message in memory of the process's own while there is no room.
  void append_or_keep(const envelope& what, const detail::body& values);
  /// Moves kept messages into the journal as far as there is room; true when none is left.
  bool append_kept();
  [[nodiscard]] bool has_kept() const { return !kept_.empty(); }
  /// Whether something other than answers is kept.
  [[nodiscard]] bool has_kept_requests() const;
  /// For the end of the process: from here on the mailbox's bounds do not count, only the journal's own room.
  void ignore_bounds() { bounds_ignored_ = true; }

  /// Sequence of the last message appended or kept.
  [[nodiscard]] std::uint64_t last_sequence() const { return sequence_ + kept_.size(); }

  /// Makes what was appended part of the open turn.
  void stage();
  /// Makes what was appended visible now.
  void publish();
  /// Whether the other end has nothing left to finish but what it cannot see yet: then waiting for room is in vain.
  [[nodiscard]] bool waits_for_publication() const {
    return finished_.position == published_ && published_ != tail_;
  }

  /// After `publish` or the turn's commit: wakes the other end where it sleeps, by a packet that says no more. Costs no system
  /// call where it does not sleep: before it would, it looks into the journal. On the lane `socket`: sends what there is.
  void push();

  /// Asks the other end for a packet when messages have been finished; what has been finished meanwhile is seen by `append`
  /// from here on.
  void want_room();

  // --- Receiving ----------------------------------------------------------------------------------------------------

  using sink = std::function<void(message&&)>;
  /// Takes what has arrived, in packets and in the other end's journal, and hands the whole messages to a sink, in order.
  /// Packets that bring no message may be left in the socket, which is readable then. True where anything came. Throws
  /// `malformed_message` where the other end breaks the protocol.
  bool pump(const sink& to);
  /// As `pump`, where the socket can be read: it is read where the journal has not what it calls for.
  bool pump_readable(const sink& to);
  /// As `pump`, for the next message alone, into an empty one: of what lies in the journal, which is taken in mouthfuls that are
  /// still in the processor's first cache when they are handled. False where there is none, but in a packet.
  [[nodiscard]] bool next(message& whole);
  /// For `next`: reads the packets that have come, up to the first that says no more than that there are messages: to look
  /// whether another is behind it would be a system call, and if so the socket stays readable. True where there were any.
  /// Throws as `pump` does.
  bool read_packets();

  /// Large requests are not copied from now on: they point into the journal, where they stay until they are finished. Replies
  /// are copied: whoever asked may keep them for longer.
  void keep_in_place() { keeps_in_place_ = true; }

  /// Whether the journal holds something that `pump` would take now. For the last look before sleeping.
  [[nodiscard]] bool has_more() const;

  /// Whether messages have come: in the journal, or on their way as a packet. Always once the channel is closed or detached.
  /// Whoever looks again and again has the lines fetched that it reads then.
  [[nodiscard]] bool has_news() const {
    peer_page_.fetch(peer_slot_);
    in_.expect(received_);
    return inbound_.may_have_whole() || closed() || peer_page_.head(peer_slot_) != received_;
  }
  /// While on, the other end sends no packets for what `has_news` shows. To be switched off before the last look.
  void watch(bool on) const {
    in_.header().is_watched.store(on ? 1 : 0, std::memory_order_relaxed);
    if (!on) std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with push's
  }

  /// The other end has gone, and everything it had accepted has been handed over.
  [[nodiscard]] bool closed() const { return closed_.load(std::memory_order_acquire); }

  /// The peer's process is known to be dead: takes also what it had claimed for the socket and not sent any more, and what
  /// a copy of its end, held by a child of its own, would keep from being an end of file.
  void drain(const sink& to);

  /// Makes "all up to here is dealt with" part of the open turn, or visible now.
  void stage_finished(progress done);
  void publish_finished(progress done);
  /// Up to where that has been said; from the beginning, where this process goes on with what a dead one had.
  [[nodiscard]] progress done() const { return done_; }
  /// After that: tells a sender that waits for room, unless more than half of a journal has been taken out and not finished.
  void offer_room();

  /// What is known of one of our own messages, from the other end's page: also after its death.
  [[nodiscard]] bool is_finished(std::uint64_t sequence) const {
    return peer_page_.finished(peer_slot_).sequence >= sequence;
  }
  [[nodiscard]] bool has_begun(std::uint64_t sequence) const {
    return peer_page_.has_begun(peer_slot_, sequence);
  }

  /// Takes back the message of that sequence, the last such call counts. Both ends then agree on one of three:
  ///
  ///   dropped   its handler never begins: the receiver answers `cancelled`
  ///   done      its handler had ended before
  ///   doomed    its handler runs, and nothing after it will: the receiver waits to be killed, which the sender now must do
  ///
  /// False but for `doomed`. The word in the journal's header is 0, `sequence << 1`, or that with the lowest bit: doomed. Each
  /// end makes its mark (the word; begun, finished), a fence, and looks at the other's; where both see both, the exchange
  /// of the word decides. A doomed end stays so: nothing may overwrite that word, or the receiver would go on.
  [[nodiscard]] bool revoke(std::uint64_t sequence);
  /// The receiver's part, after the message has been marked as begun: true where it must not be handled.
  [[nodiscard]] bool is_dropped(std::uint64_t sequence);
  /// After it has been marked as finished, with a fence since: true where it is doomed.
  [[nodiscard]] bool is_doomed(std::uint64_t sequence);

  /// Whether the other end's process waits for somebody itself.
  [[nodiscard]] bool peer_is_blocked() const { return peer_page_.waits_for() != 0; }
  [[nodiscard]] std::uint64_t handled_by_peer() const { return peer_page_.handled(); }

 private:
  struct kept_message {
    envelope what;
    std::size_t size;
    std::vector<std::byte> payload;
    platform::descriptor outside;  ///< in its place, where the payload is large
    detail::attached_memory attached;
  };
  struct outside_message {
    std::uint64_t sequence;
    std::size_t size;
    std::size_t descriptors;
    platform::descriptor payload{};  ///< kept where it may have to be sent again
    detail::attached_memory attached{};
  };

  [[nodiscard]] wire::frame next_frame(const envelope& what, std::size_t payload, std::size_t attached) const;
  bool has_room(const wire::frame& next);
  void look_for_finished();
  void refresh_finished();
  bool append_inside(const wire::frame& next, const detail::body& values);
  bool send_company(const wire::frame& next, const platform::descriptor& payload,
                    const detail::attached_memory& attached);
  void send_company_again();
  bool append_outside(const wire::frame& next, const platform::descriptor& memory,
                      const detail::attached_memory& attached);
  /// Whether the published messages go on behind that position, which both ends may have written.
  [[nodiscard]] bool is_unsent(std::uint64_t from) const {
    return from < published_ && published_ - from <= out_.capacity();
  }
  void push_packets();
  platform::send_result send_bytes(std::uint64_t from, std::uint64_t to);
  void call_peer();
  void go_on(bool peer_has_died);
  [[nodiscard]] bool is_attached(const journal& by) const {
    return epoch_ == 0 || by.header().epoch.load(std::memory_order_acquire) == epoch_;
  }
  [[nodiscard]] bool has_room_outside(const wire::frame& next) const;
  bool hand_over(const sink& to);
  bool pump_journal(const sink& to);
  enum class received { nothing, call, other };
  received receive_one_packet();
  bool take_from_journal();
  bool take_in_place(std::uint64_t head);
  bool take_up_to(std::uint64_t position);
  [[nodiscard]] bool claim(std::uint64_t from, std::uint64_t to, journal_header& header) const;

  page& own_page_;
  peer_page peer_page_;
  platform::descriptor socket_;
  journal out_;
  journal in_;
  std::size_t max_inside_;  // of a payload; larger ones travel outside
  slot own_slot_;
  slot peer_slot_;
  std::uint32_t peer_;

  // sending
  std::uint64_t tail_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t sequence_ = 0;
  progress finished_;            // of ours, as last seen in the other's page
  bool room_is_scarce_ = false;  // the last look has brought little
  std::deque<outside_message> outside_;
  std::size_t outside_bytes_ = 0;
  std::size_t outside_descriptors_ = 0;
  std::deque<kept_message> kept_;
  bool bounds_ignored_ = false;
  bool keeps_outside_ = false;
  std::uint32_t epoch_ = 0;

  // receiving
  inbound inbound_;
  std::uint64_t received_ = 0;
  progress done_;
  bool keeps_in_place_ = false;
  std::atomic<bool> closed_{false};
};

}  // namespace troupe::channel
