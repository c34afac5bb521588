// A pipe's own process: a lane in each direction, and who holds which end.
//
//   end 0                    pipe_actor                    end 1
//     ── put ──────────────▶ lane 0: queue_actor<T, 0> ──────▶ take
//    take ◀────────────────  lane 1: queue_actor<U, 1> ◀────── put ──
//
// 1. A holder is a handle, with its copies of one process. It has arrived, or it is on its way inside a message.
// 2. Whoever sends a handle away says so before it does (`pass`), and names the receiver afterwards (`pass_to`). So at any
//    moment an end that somebody has, or will have, has a holder here. `arrive` and these two come by different channels, in
//    any order: the ticket in the message puts them together.
// 3. A handle on its way is lost when its receiver ends. Where nobody knows the receiver (an answer, packed bytes), it is
//    lost after `transit_patience`.
// 4. When the last holder of an end has gone, that end has ended, in the way that the last one went that did not hand it on:
//    its outgoing lane is closed, and what is in its incoming one is dropped, for nobody can read it.
// 5. A holder that goes because of an exception may be about to die of it. Its process is waited for, so that the other end
//    hears how it ended; for `unwound_patience`, as the exception may have been caught.
// 6. An end's death is heard after everything that it had sent (`on_down` of an actor), so nothing of that is lost.
#pragma once

#include <troupe/detail/queue_actor.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/promise.hpp>
#include <troupe/this_actor.hpp>
#include <troupe/timer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::detail {

inline constexpr std::chrono::seconds transit_patience{30};
inline constexpr std::chrono::seconds unwound_patience{1};

/// A handle on its way inside a message; drawn at random by its sender. 0: none.
enum class pipe_ticket : std::uint64_t {};

/// One handle in one process.
struct pipe_holder {
  queue_visitor who{};
  std::uint8_t side = 0;
};

enum class pipe_leaving : std::uint8_t {
  dropped,
  handed_on,  ///< to whoever the message went to
  unwound,    ///< while an exception passed
};

/// What has become of an end.
struct pipe_fate {
  bool ended = false;
  std::optional<exit_status> death;  ///< none: in good order
};

/// The pipe. Its members, and its lanes', are the messages. Not thread-safe, as any actor.
template <class T, class U>
class pipe_actor : public queue_actor<T, 0>, public queue_actor<U, 1> {
  using forth = queue_actor<T, 0>;
  using back = queue_actor<U, 1>;

 public:
  /// `first` and `second` are the handles of whoever makes it, in the process `maker`: none is the host.
  pipe_actor(std::size_t capacity, std::size_t capacity_bytes, pipe_holder first, pipe_holder second,
             const std::optional<process>& maker)
      : forth{rules(capacity, capacity_bytes)}, back{rules(capacity, capacity_bytes)} {
    arrive(first, {}, maker);
    arrive(second, {}, maker);
  }

  /// A handle has come to `where`, by the message with that ticket.
  void arrive(pipe_holder holder, pipe_ticket ticket, const std::optional<process>& where) {
    if (holder.side > 1) return;
    auto& to = ends_[holder.side];
    to.holders[holder.who] = where.value_or(process{});
    forth::introduce(holder.who, to.holders[holder.who]);
    back::introduce(holder.who, to.holders[holder.who]);
    if (where)
      where->on_down(
          [this, holder](const exit_status& status) { depart(holder, 0, false, death_by(status)); });
    if (ticket == pipe_ticket{}) return;
    to.claimed.insert(ticket);
    lose(to, ticket);
  }

  /// A handle of that side is about to be sent.
  void pass(std::uint8_t side, pipe_ticket ticket) {
    if (side > 1 || ends_[side].claimed.contains(ticket)) return;
    ends_[side].on_the_way[ticket] = this_actor::after(transit_patience, [this, side, ticket] {
      ends_[side].claimed.erase(ticket);
      drop(side, ticket, std::nullopt);
    });
  }

  /// It has been sent to `whom`.
  void pass_to(std::uint8_t side, pipe_ticket ticket, const process& whom) {
    if (side > 1) return;
    if (ends_[side].claimed.erase(ticket) != 0) return lose(ends_[side], ticket);
    const auto sent = ends_[side].on_the_way.find(ticket);
    if (sent != ends_[side].on_the_way.end()) sent->second.cancel();
    ends_[side].on_the_way[ticket] = timer{};
    whom.on_down([this, side, ticket](const exit_status& status) { drop(side, ticket, death_by(status)); });
  }

  /// The holder's end, with as many items of its incoming lane done.
  void leave(pipe_holder holder, std::uint64_t done, pipe_leaving how) {
    if (how != pipe_leaving::unwound)
      return depart(holder, done, how == pipe_leaving::handed_on, std::nullopt);
    exit_status death;
    death.kind = exit_kind::exception;
    death.exception_text = "an exception left the scope that held the end of the pipe";
    const bool may_die = holder.side <= 1 && is_process(holder);
    this_actor::after(may_die ? unwound_patience : std::chrono::seconds{0},
                      [this, holder, done, death] { depart(holder, done, false, death); });
  }

  /// Ends that end, whoever else holds it.
  void close_end(std::uint8_t side) {
    if (side <= 1) end(side, std::nullopt);
  }

  [[nodiscard]] pipe_fate fate(std::uint8_t side) const { return side <= 1 ? ends_[side].fate : pipe_fate{}; }

  /// Whoever may end the waits of those who wait here: those who read wait for the other end's holders, and those who
  /// write too.
  [[nodiscard]] std::vector<process> relies_on() const {
    std::vector<process> others;
    if (forth::readers_wait() || back::writers_wait()) add_holders(ends_[0], others);
    if (forth::writers_wait() || back::readers_wait()) add_holders(ends_[1], others);
    return others;
  }

 private:
  static queue_rules rules(std::size_t capacity, std::size_t capacity_bytes) {
    return {.capacity = capacity, .capacity_bytes = capacity_bytes, .at_once = 256};
  }
  struct end_of_pipe {
    std::unordered_map<queue_visitor, process> holders;
    std::unordered_map<pipe_ticket, timer> on_the_way;
    std::set<pipe_ticket> claimed;          ///< of which `pass_to` has not come yet
    std::optional<exit_status> last_death;  ///< how the last one went that did not hand it on
    pipe_fate fate;
  };

  static std::optional<exit_status> death_by(const exit_status& status) {
    return status.ok() ? std::nullopt : std::optional{status};
  }

  /// Whoever sent a handle that is on its way does not hold it any more, so nobody may be named for it: the host stands in,
  /// which keeps the wait out of every circle.
  static void add_holders(const end_of_pipe& of, std::vector<process>& to) {
    for (const auto& holder : of.holders) to.push_back(holder.second);
    if (!of.on_the_way.empty()) to.emplace_back();
  }

  static void lose(end_of_pipe& of, pipe_ticket ticket) {
    const auto sent = of.on_the_way.find(ticket);
    if (sent == of.on_the_way.end()) return;
    sent->second.cancel();
    of.on_the_way.erase(sent);
  }

  void drop(std::uint8_t side, pipe_ticket ticket, std::optional<exit_status> death) {
    if (ends_[side].on_the_way.erase(ticket) == 0) return;
    ends_[side].last_death = std::move(death);
    look_for_end(side);
  }

  void depart(pipe_holder holder, std::uint64_t done, bool handed_on, std::optional<exit_status> death) {
    if (holder.side > 1 || ends_[holder.side].holders.erase(holder.who) == 0) return;
    forth::leave(holder.who, holder.side == 0 ? 0 : done);
    back::leave(holder.who, holder.side == 0 ? done : 0);
    if (!handed_on) ends_[holder.side].last_death = std::move(death);
    look_for_end(holder.side);
  }
  [[nodiscard]] bool is_process(pipe_holder holder) const {
    const auto found = ends_[holder.side].holders.find(holder.who);
    return found != ends_[holder.side].holders.end() && !(found->second == process{});
  }

  void look_for_end(std::uint8_t side) {
    if (is_held(side)) return;
    end(side, ends_[side].last_death);
    if (!is_held(side == 0 ? 1 : 0)) this_actor::stop();  // nobody is left to use it
  }
  [[nodiscard]] bool is_held(std::uint8_t side) const {
    return !ends_[side].holders.empty() || !ends_[side].on_the_way.empty();
  }

  void end(std::uint8_t side, std::optional<exit_status> death) {
    if (ends_[side].fate.ended) return;
    ends_[side].fate = {true, std::move(death)};
    if (side == 0) {
      forth::close({}, 0);
      back::close_now({}, 0);
    } else {
      back::close({}, 0);
      forth::close_now({}, 0);
    }
  }

  std::array<end_of_pipe, 2> ends_;
};

}  // namespace troupe::detail
