// A connection: a channel with what a member of the system keeps beside it.
#pragma once

#include <troupe/detail/endpoint.hpp>

#include "channel/channel.hpp"
#include "platform/waker.hpp"
#include "runtime/spin.hpp"

#include <atomic>
#include <boost/container/small_vector.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::runtime {

class member;
struct connection;

/// An ask that waits for its answer, or for the end of the other process (then `sequence` is 0, which no question has). Its
/// state is guarded by the connection's mutex; without a connection it is settled before anybody else sees it.
class pending_ask final : public detail::pending_reply {
 public:
  pending_ask(std::shared_ptr<member> owner, std::shared_ptr<connection> over, std::uint64_t sequence,
              std::uint64_t call)
      : owner_{std::move(owner)}, over_{std::move(over)}, sequence_{sequence}, call_{call} {}

  bool ready() override;
  bool wait(detail::deadline until) override;
  detail::byte_reader result() override;
  [[nodiscard]] bool settled() const noexcept override { return settled_.load(std::memory_order_acquire); }
  bool wait_any(std::span<detail::pending_reply* const> several, detail::deadline until) override;
  void then(std::function<void()> run) override;
  void cancel() override;
  [[nodiscard]] bool has_begun() override;
  void abort() override;
  [[nodiscard]] std::uint32_t incarnation() const override { return incarnation_; }

  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  void settle(channel::message&& reply);
  void settle(std::exception_ptr problem);
  void settle_end(const exit_status& status);
  [[nodiscard]] bool is_for_the_end() const { return sequence_ == 0; }
  [[nodiscard]] std::function<void()> take_continuation() { return std::exchange(then_, nullptr); }

 private:
  /// Ends it with `why`, where it is not settled, and tells the actor that nobody wants the answer any more.
  void give_up(std::exception_ptr why);
  void set_settled();

  std::shared_ptr<member> owner_;
  std::shared_ptr<connection> over_;
  std::uint64_t sequence_;  // of the question, in our journal
  std::uint64_t call_;
  std::function<void()> then_;
  std::atomic<bool> settled_{false};  // with everything below, which is not changed any more
  std::exception_ptr problem_;
  std::uint32_t incarnation_ = 0;
  boost::container::small_vector<std::byte, 64> copied_;  // a small reply
  channel::pin pin_;                                      // what holds a large one
  std::span<const std::byte> payload_;
  const detail::attached_memory* attached_ = nullptr;  // kept by the pin
};

/// Guarded by `mutex`, but for receiving: whoever has set `reading` has the channel's receiving members to himself. In an
/// actor there is one thread and the mutex is never contended.
struct connection : std::enable_shared_from_this<connection> {
  connection(member& whose, channel::page& page, channel::channel_parts parts, std::string name,
             std::chrono::nanoseconds longest_spin);

  member& owner;
  std::mutex mutex;
  std::condition_variable changed;  ///< an ask was settled, the reader has left, the peer is down
  std::vector<const platform::waker*> watchers;  ///< of threads that wait for such a change beside others
  std::unique_ptr<channel::channel> channel;     ///< null once the peer is down
  runtime::spin spin;                            ///< of who waits on it, and reads
  bool reading = false;
  bool background = false;   ///< the host's background thread listens to it too
  bool is_detached = false;  ///< the peer's process has died, and another will come; `reading` is set as long
  std::shared_ptr<void>
      listening;  ///< that thread's, and only it ends it: before the channel's socket is closed
  std::uint32_t peer;
  std::string peer_name;
  std::optional<exit_status> down;
  bool system_stopped = false;
  std::exception_ptr broken;  ///< why it was closed, where the other end broke the protocol

  std::uint64_t last_call = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<pending_ask>> asks;
  std::size_t continued =
      0;  ///< of them, those whose answer starts something: to be read though nobody waits

  /// Calls that the peer gave up before they began: its numbers grow, so that what is not above `last_call_begun` has begun.
  std::set<std::uint64_t> given_up;
  std::uint64_t last_call_begun = 0;
  /// To be called for each call as it begins: whether it has been given up.
  [[nodiscard]] bool begins_given_up(std::uint64_t call);

  // Of what has come in: the finished mark moves over replies at once, but never past a request that is not handled yet.
  // Handlers that are coroutines finish in any order; the mark waits for the first of them.
  std::size_t requests = 0;  ///< that are not handled
  channel::progress newest;
  channel::progress handled;  ///< of requests, up to here
  struct begun_request {
    channel::progress at;
    bool is_handled = false;
  };
  std::deque<begun_request> begun;  ///< from the first coroutine that is not at its end, in order
  void suspended(channel::progress at) { begun.push_back({at}); }
  void finished(channel::progress at) {
    --requests;
    if (begun.empty()) return static_cast<void>(handled = at);  // no coroutine is before it
    finished_behind_others(at);
  }
  void finished_behind_others(channel::progress at);
  /// Of a process that has taken over: messages that the last one was at. By sequence, with how often that was tried; those
  /// that are not handled again are there with 0.
  std::map<std::uint64_t, std::uint32_t> unfinished;
  std::uint64_t begun_before =
      0;  ///< up to here the last process had begun them: what is not above was finished
  /// How often the handling of that message has been begun before; nullopt: it is not to be begun again.
  [[nodiscard]] std::optional<std::uint32_t> attempts_before(std::uint64_t sequence) const {
    return begun_before == 0 && unfinished.empty() ? std::optional{0U} : attempts_of_others(sequence);
  }
  [[nodiscard]] std::optional<std::uint32_t> attempts_of_others(std::uint64_t sequence) const;

  /// A request that will be handled. Without the mutex: only actors are asked and told, and have one thread.
  void came(const channel::message& request) {
    newest = {request.frame.header.sequence, request.end};
    ++requests;
  }
  /// The last frame up to which everything has been dealt with.
  [[nodiscard]] channel::progress dealt_with() const { return requests == 0 ? newest : handled; }

  /// Forgets what was to follow the answers that are due.
  void drop_continuations();
  /// Tells whoever waits for a change. With the mutex held.
  void announce();

  /// Whether something may still be read from it.
  [[nodiscard]] bool is_live() const { return channel && !broken; }
  /// Throws `actor_down`, `system_stopped` or `malformed_message` where nothing can be sent any more.
  void check_open() const {
    if (system_stopped || down || broken) throw_why_closed();
  }
  [[noreturn]] void throw_why_closed() const;
  /// Settles the ask that a reply is for. Unknown calls (given up, answered twice) are dropped.
  void settle(channel::message&& reply);
  /// Ends every ask that is left.
  void settle_all(const std::exception_ptr& problem);
  /// The peer's process has ended: ends every ask that is left, each with what is known of it. Nothing is sent any more.
  void settle_down(const exit_status& status);
  /// The peer's process has died, and another will go on: ends those asks that it had begun, but for `again`.
  void settle_begun(const exit_status& status, const std::vector<std::uint64_t>& again);
};

}  // namespace troupe::runtime
