// What a worker notes of the items that it is at, and what its death leaves of that.
#pragma once

#include <troupe/failure.hpp>
#include <troupe/packed.hpp>
#include <troupe/shared_array.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

/// Memory that a worker shares with its pool: how far it has come with what it was given last.
///
///     word 0   ticket: which of its orders this is about
///     word 1   progress: twice the number of items that are finished, and one more while the next is running
///     word 2   since when that one is running: nanoseconds of the steady clock; only where there is a deadline
///     word 3   how many of the finished items failed, where results are numbers
///     word 4   bytes of memory that were resident after the last order; only where the pool wants to know
///     word 5   recalled: what has not begun of the orders up to this ticket is not to begin. The pool's
///     word 8   what became of the finished items. Numbers: a place for each item of the order, then the failures, with their
///              places. Other results: one behind the other. What is packed has 4 bytes of length in front: twice that, and
///              one more for a failure
///
/// Else the worker alone writes. The pool reads after its death, of which it hears when it has been reaped; what it reads then
/// is a stranger's, and checked.
using pool_log = shared_array<std::uint64_t>;
inline constexpr std::size_t pool_log_words = 16 * 1024;
inline constexpr std::size_t pool_log_header = 8;  // words

/// An item of a chunk that threw.
struct item_failure {
  std::uint64_t place = 0;  ///< in its chunk
  failure what;
};

/// What an order says beside its items.
struct pool_order {
  std::uint64_t ticket = 0;   ///< no other of this pool has it; not 0
  std::uint32_t attempt = 1;  ///< of its first item
  bool until_failure = false;
  std::int64_t deadline = 0;  ///< nanoseconds for each item; 0: none
  bool in_parts = false;      ///< whether it ends early, with some items done, where it is recalled
  bool weighs = false;        ///< whether the worker is to note how much memory it has afterwards
};

/// Makes a number that only grows at least so large.
template <class Atomic>
void raise(Atomic&& which, std::uint64_t to) {
  for (auto before = which.load(); before < to && !which.compare_exchange_weak(before, to);) {
  }
}

/// Of the pool: the ticket of the order that the worker has begun with last.
[[nodiscard]] std::uint64_t last_begun(const pool_log& log);
/// Recalls orders up to this one. Returns what the worker had begun with last: it begins with no other of them, and ends with
/// the item that runs now, where its order says so.
std::uint64_t recall(const pool_log& log, std::uint64_t ticket);

/// Of the worker. Each note is a store behind what it is about: a death in between leaves the one before.
class pool_notes {
 public:
  pool_notes(const pool_log& log, std::uint64_t ticket)
      : words_{log.begin()},
        room_{std::as_writable_bytes(log.span().subspan(pool_log_header))},
        ticket_{ticket} {
    set(1, 0);
    set(3, 0);
    // Before `is_recalled` looks: either the pool sees that this order has begun, or it is seen here that it must not.
    word(0).store(ticket);
  }

  [[nodiscard]] bool is_recalled() const { return word(5).load() >= ticket_; }

  void begins(std::size_t item) { set(1, 2 * item + 1); }
  void begins_at(std::size_t item, std::chrono::steady_clock::time_point now) {
    set(2, static_cast<std::uint64_t>(now.time_since_epoch().count()));
    begins(item);
  }
  void ended(std::size_t item) { set(1, 2 * item + 2); }
  void failed(std::size_t so_many) { set(3, so_many); }
  void weighs(std::size_t bytes) { set(4, bytes); }
  [[nodiscard]] std::span<std::byte> room() const { return room_; }

 private:
  [[nodiscard]] std::atomic_ref<std::uint64_t> word(std::size_t which) const {
    return std::atomic_ref<std::uint64_t>{words_[which]};
  }
  void set(std::size_t which, std::uint64_t value) { word(which).store(value, std::memory_order_release); }

  std::uint64_t* words_;
  std::span<std::byte> room_;
  std::uint64_t ticket_;
};

/// Of this process; 0 where the system does not say.
[[nodiscard]] std::size_t resident_bytes();

using pool_entry_head = std::uint32_t;

/// Results of one order, as the worker has them and notes them.
template <class Result>
class pool_results_kept {
 public:
  static constexpr bool are_numbers = std::is_arithmetic_v<Result>;
  /// How many items of an order have a place.
  static std::size_t places(std::size_t items, std::size_t room) {
    return std::min(items, room / sizeof(Result));
  }

  pool_results_kept(pool_notes& notes, std::size_t items) : notes_{notes}, most_{items} {
    if constexpr (are_numbers) {
      most_ = places(items, notes.room().size());
      used_ = most_ * sizeof(Result);
    } else {
      values_.reserve(items);
    }
  }

  /// How many items it can keep the results of; each is kept, or failed, in order.
  [[nodiscard]] std::size_t most() const { return most_; }
  /// False where it could not be noted.
  template <class Given>
  [[nodiscard]] bool keep(std::size_t place, Given&& result, bool is_last) {
    if constexpr (are_numbers) {
      const Result value = result;
      std::memcpy(notes_.room().data() + place * sizeof value, &value, sizeof value);
      return true;
    } else {
      // What is large is not packed twice where its answer comes next.
      entry_ = used_;
      const bool noted = put(static_cast<const Result&>(result), 0, is_last ? small : most_bytes);
      values_.push_back(std::forward<Given>(result));
      entry_ = used_;
      return noted;
    }
  }
  [[nodiscard]] bool fail(std::size_t place, const std::exception_ptr& why) {
    failures_.push_back({place, failure{why}});
    if constexpr (are_numbers) {
      if (!put(failures_.back(), 1, most_bytes)) return false;
      notes_.failed(failures_.size());
      return true;
    } else {
      used_ = entry_;
      return put(failures_.back(), 1, most_bytes);
    }
  }

  /// Of the first `items`: all that it was given.
  [[nodiscard]] std::vector<Result> values(std::size_t items) {
    if constexpr (are_numbers) {
      const auto* const all = reinterpret_cast<const Result*>(notes_.room().data());
      values_.reserve(items);
      std::size_t from = 0;
      for (const auto& each : failures_) {
        values_.insert(values_.end(), all + from, all + each.place);
        from = each.place + 1;
      }
      values_.insert(values_.end(), all + from, all + items);
    }
    return std::move(values_);
  }
  [[nodiscard]] std::vector<item_failure> failures() { return std::move(failures_); }
  [[nodiscard]] std::size_t failed() const { return failures_.size(); }

 private:
  static constexpr std::size_t small = 4096;
  static constexpr std::size_t most_bytes = ~std::size_t{0};

  template <class T>
  bool put(const T& value, pool_entry_head mark, std::size_t most) {
    constexpr auto head_size = sizeof(pool_entry_head);
    const auto room = notes_.room().subspan(used_);
    if (room.size() < head_size) return false;
    const auto behind = room.subspan(head_size);
    const auto size = pack_into(behind.first(std::min(behind.size(), most)), value);
    if (!size) return false;
    const auto head = static_cast<pool_entry_head>(2 * *size) + mark;
    std::memcpy(room.data(), &head, head_size);
    used_ += head_size + *size;
    return true;
  }

  pool_notes& notes_;
  std::size_t most_;
  std::size_t used_ = 0;   // of the room
  std::size_t entry_ = 0;  // where what is noted of the next item goes
  std::vector<Result> values_;
  std::vector<item_failure> failures_;
};

/// Of the pool, after the worker's death: how far it had come with one order. A copy, which nothing changes any more.
class pool_remains {
 public:
  /// nullopt where the worker had noted nothing of that order, or nothing that can be true of `items` items.
  static std::optional<pool_remains> of(const pool_log& log, std::uint64_t ticket, std::size_t items);

  [[nodiscard]] std::size_t finished() const { return finished_; }  ///< items, whose results follow
  [[nodiscard]] bool is_running() const { return is_running_; }     ///< whether the item behind those was
  [[nodiscard]] std::chrono::steady_clock::time_point since() const { return since_; }

  /// Gives the finished items in their order to `on_value(result)` and `on_failure(item, failure)`; returns how many there
  /// are that make sense.
  template <class Result, class OnValue, class OnFailure>
  std::size_t read(OnValue on_value, OnFailure on_failure) {
    std::size_t item = 0;
    try {
      if constexpr (std::is_arithmetic_v<Result>) {
        at_ = pool_results_kept<Result>::places(items_, bytes_.size()) * sizeof(Result);
        if (finished_ * sizeof(Result) > at_) return 0;
        auto failed = next_failure();
        for (; item < finished_; ++item) {
          Result value{};
          std::memcpy(&value, bytes_.data() + item * sizeof value, sizeof value);
          if (failed && failed->place == item) {
            on_failure(item, failed->what);
            failed = next_failure();
          } else {
            on_value(value);
          }
        }
      } else {
        for (; item < finished_; ++item) {
          const auto noted = next();
          if (noted.failed) {
            on_failure(item, unpack<item_failure>(noted.packed).what);
          } else {
            on_value(unpack<Result>(noted.packed));
          }
        }
      }
    } catch (...) {
      // No notes of ours: those items are made again.
    }
    return item;
  }

 private:
  pool_remains() = default;
  std::size_t finished_ = 0;
  bool is_running_ = false;
  std::chrono::steady_clock::time_point since_{};
  struct entry {
    std::span<const std::byte> packed;
    bool failed = false;
  };
  entry next();
  std::optional<item_failure> next_failure();

  std::size_t items_ = 0;
  std::uint64_t failures_left_ = 0;
  std::vector<std::byte> bytes_;
  std::size_t at_ = 0;
};

}  // namespace troupe::detail
