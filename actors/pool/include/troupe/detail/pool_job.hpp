// A chunk on its way through workers, and what has become of its items.
#pragma once

#include <troupe/detail/pool_crew.hpp>
#include <troupe/detail/pool_feed.hpp>
#include <troupe/detail/pool_worker.hpp>
#include <troupe/errors.hpp>
#include <troupe/packed.hpp>
#include <troupe/switched_off.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

/// An item that has failed, and with what.
struct item_problem {
  std::size_t place = 0;  ///< in its chunk
  std::exception_ptr what;
};

/// A chunk, from the range to its results. It may take several workers:
///
///     | done: values and problems | items: at a worker, or next to be sent | rest |
///
/// A worker that ends early has done some of the items. One that dies leaves its notes: what it had finished is done; the
/// item that was running is charged with the death and comes first of what is sent next, until it has no attempt left; what
/// was behind is as it was. Threads: one at a time.
template <class Task, class Item>
class pool_job {
 public:
  using value_type = kept_result<task_result<Task, Item>>;
  using results = chunk_results<value_type>;

  pool_job() = default;
  pool_job(pool_chunk<Item>&& chunk, bool until_failure)
      : number{chunk.number},
        first{chunk.first},
        items{std::move(chunk.items)},
        count_{items.size()},
        until_failure_{until_failure} {}

  std::size_t number = 0;  ///< of the chunk, from 0
  std::size_t first = 0;   ///< item's index
  std::vector<Item> items;
  std::vector<value_type> values;      ///< of the items that are done and have not failed, in order
  std::vector<item_problem> problems;  ///< of those that have, in order

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t done() const { return done_; }
  /// Whether nothing of it is to be sent any more.
  [[nodiscard]] bool is_over() const { return done_ == count_ || broke_off_; }
  /// One threw, and nobody wants what is behind it; or there can be no more results.
  [[nodiscard]] bool broke_off() const { return broke_off_; }
  [[nodiscard]] bool until_failure() const { return until_failure_; }
  /// The attempt at the first of `items` that comes next.
  [[nodiscard]] std::uint32_t attempt() const {
    if (!trouble_) return 1;
    const auto known = trouble_->attempts.find(done_);
    return known == trouble_->attempts.end() ? 1 : static_cast<std::uint32_t>(known->second.size() + 1);
  }
  /// Whether it may be sent again after a death that it is not charged with.
  [[nodiscard]] bool try_again(const actor_down& down) {
    return pool_crew::may_try_again(++trouble().sent_in_vain, down);
  }

  /// Whether some of `items` may go to other workers: nothing has happened to any of them.
  [[nodiscard]] bool can_be_split() const {
    return items.size() > 1 && (!trouble_ || (trouble_->rest.empty() && trouble_->attempts.empty()));
  }
  /// So many of `items`, the last ones, as a chunk of their own; fewer than there are.
  [[nodiscard]] pool_job split_off(std::size_t so_many) {
    pool_job part;
    const auto from = items.end() - static_cast<std::ptrdiff_t>(so_many);
    part.items.assign(std::make_move_iterator(from), std::make_move_iterator(items.end()));
    items.erase(from, items.end());
    count_ -= so_many;
    part.number = number;
    part.first = first + count_;
    part.count_ = so_many;
    part.until_failure_ = until_failure_;
    return part;
  }

  /// What the worker answered; a recalled order may come back with none of its items done. Throws `malformed_message` where
  /// that cannot be.
  void answered(results&& made, const std::string& worker, bool recalled) {
    const auto finished = made.values.size() + made.failures.size();
    check(made, finished, worker, recalled);
    if (values.empty()) {
      values = std::move(made.values);
    } else {
      values.insert(values.end(), std::make_move_iterator(made.values.begin()),
                    std::make_move_iterator(made.values.end()));
    }
    for (const auto& each : made.failures)
      problems.push_back({done_ + static_cast<std::size_t>(each.place), caught(each.what, worker)});
    broke_off_ = until_failure_ && !made.failures.empty();
    if (finished != items.size() && !recalled) trouble().most_at_once = finished;
    advance(finished);
  }

  /// The worker died in this order.
  void died(const actor_down& down, const pool_sending& sent, const pool_rules& rules) {
    const auto before = done_;
    auto remains = pool_remains::of(sent.to->log, sent.order.ticket, items.size());
    if (!remains) {
      if (!sent.to->is_here()) return died_elsewhere(down, sent, rules);
      // It may have died of reading the items: one by one they tell of which.
      if (items.size() == 1) return charge(0, down, sent, rules, false);
      trouble().most_at_once = 1;
      return advance(0);
    }
    const auto kept = take(*remains, sent.to->actor.name());
    advance(kept);
    if (remains->is_running())
      charge(remains->finished() - kept, down, sent, rules, has_exceeded(*remains, down, rules));
    if (done_ != before) trouble().sent_in_vain = 0;
  }

  /// All that is not done fails so.
  void fail(const std::exception_ptr& problem) {
    broke_off_ = true;
    for (; done_ < count_; ++done_) problems.push_back({done_, problem});
    items.clear();
    trouble_.reset();
  }

 private:
  void check(const results& made, std::size_t finished, const std::string& worker, bool recalled) const {
    const bool one_too_many = until_failure_ && made.failures.size() > 1;
    const bool none = finished == 0 && !items.empty() && !recalled;
    if (finished > items.size() || none || one_too_many)
      throw malformed_message{"worker " + worker + " answered with another number of results than items"};
    std::size_t before = 0;
    for (const auto& failure : made.failures) {
      if (failure.place < before || failure.place >= finished)
        throw malformed_message{"worker " + worker + " named an item that it was not given"};
      before = failure.place + 1;
    }
  }

  static std::exception_ptr caught(const failure& what, const std::string& worker) {
    try {
      what.rethrow(worker);
    } catch (...) {
      return std::current_exception();
    }
  }

  /// What the dead worker's notes have; how many items these are. Notes that cannot be read end it: those items are to be
  /// made again.
  std::size_t take(pool_remains& remains, const std::string& worker) {
    const auto keep = [this](value_type value) { values.push_back(std::move(value)); };
    return remains.read<value_type>(keep, [&](std::size_t item, const failure& why) {
      problems.push_back({done_ + item, caught(why, worker)});
    });
  }

  /// Any of them may have been begun, which counts; from here on they go one by one, and tell of which it was.
  void died_elsewhere(const actor_down& down, const pool_sending& sent, const pool_rules& rules) {
    trouble().most_at_once = 1;
    const auto begun = items.size();
    for (std::size_t item = 1; item < begun; ++item) charge(item, down, sent, rules, false);
    charge(0, down, sent, rules, false);
    // Those that have no attempt left are next, each of them.
    if (rules.max_attempts > 1) return advance(0);
    for (std::size_t item = 1; item < begun; ++item) give_up_first();
  }

  void charge(std::size_t item, const actor_down& down, const pool_sending& sent, const pool_rules& rules,
              bool exceeded) {
    const auto place = done_ + item;
    auto& attempts = trouble().attempts[place];
    attempts.push_back({sent.to->actor.name(), sent.to->pid, down.status()});
    trouble().sent_in_vain = 0;
    if (item != 0 || (!exceeded && (attempts.size() < rules.max_attempts || switched_off("pool_attempts"))))
      return;
    if (!exceeded) return give_up_first();
    problems.push_back({place, std::make_exception_ptr(deadline_exceeded{rules.deadline, attempts.back()})});
    advance(1);
  }
  void give_up_first() {
    problems.push_back({done_, std::make_exception_ptr(quarantined{trouble().attempts[done_]})});
    advance(1);
  }

  /// So many more of `items` are done; those that come next take their place.
  void advance(std::size_t finished) {
    done_ += finished;
    if (finished == items.size() && (!trouble_ || trouble_->rest.empty())) return items.clear();
    auto& [rest, attempts, most_at_once, in_vain] = trouble();
    for (auto at = items.size(); at > finished; --at) rest.push_back(std::move(items[at - 1]));
    items.clear();
    for (; items.size() < most_at_once && !rest.empty(); rest.pop_back())
      items.push_back(std::move(rest.back()));
  }

  /// What most chunks never need.
  struct troubles {
    std::vector<Item> rest;                                     // the next one last
    std::map<std::size_t, std::vector<lost_attempt>> attempts;  // by place
    std::size_t most_at_once = static_cast<std::size_t>(-1);
    int sent_in_vain = 0;
  };
  troubles& trouble() {
    if (!trouble_) trouble_ = std::make_unique<troubles>();
    return *trouble_;
  }

  std::size_t count_ = 0;
  std::size_t done_ = 0;
  bool until_failure_ = false;
  bool broke_off_ = false;
  std::unique_ptr<troubles> trouble_;
};

}  // namespace troupe::detail
