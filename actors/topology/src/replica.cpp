#include "replica.hpp"

#include <troupe/detail/topology/role.hpp>
#include <troupe/errors.hpp>
#include <troupe/this_actor.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <utility>

namespace troupe::detail {

namespace {

using clock = std::chrono::steady_clock;
constexpr auto progress_interval = std::chrono::milliseconds{50};

class replica {
 public:
  /// `is_in_role` says whether code that is the program's runs.
  replica(assignment task, bool& is_in_role)
      : task_{std::move(task)},
        is_in_role_{is_in_role},
        role_{part::find(task_.role).make(task_.arguments)},
        out_{task_.edges, task_.index},
        duty_{task_.duties, task_.member},
        permitted_(task_.permits.size()),
        random_{task_.seed} {}

  void run() {
    if (task_.kind == node_kind::source) {
      give_all();
    } else {
      take_all();
      finish();
    }
    duty_.be_handed();
    out_.finish();
    end_.result = role_->result();
    role_.reset();
    task_.run.ask<&board::ended>(task_.member, std::move(end_)).get();
    duty_.rest();
  }

 private:
  /// The positions of one sequence are dealt out to the replicas in turn.
  void give_all() {
    end_.given = (task_.begin_at - task_.index) / task_.replicas;
    end_.handled = end_.given;
    for (std::uint64_t position = task_.begin_at;; position += task_.replicas) {
      duty_.be_handed();
      wait_for_permits(position);
      begin_turn(task_.node, position, whole_share(task_.node, position));
      if (!give(position)) return say_the_end(position);
      out_.commit();
      duty_.send_to(position + task_.replicas);
      ++end_.given;
      count_one();
    }
  }

  void begin_turn(std::uint32_t origin, std::uint64_t ordinal, std::uint64_t share) {
    duty_.work_at(origin, ordinal);
    out_.begin(origin, ordinal, share);
    if (task_.longest_delay.count() == 0 || random_() % 100 != 0) return;
    const auto most = static_cast<std::uint64_t>(task_.longest_delay.count());
    std::this_thread::sleep_for(std::chrono::milliseconds{random_() % most + 1});
  }

  void wait_for_permits(std::uint64_t position) {
    for (std::size_t i = 0; i < permitted_.size(); ++i) {
      if (position < permitted_[i]) continue;
      permitted_[i] = task_.permits[i].ask<&sequencer::permit>(task_.node, position).get();
    }
  }

  /// Other replicas may be further ahead, and wait for this position too.
  void say_the_end(std::uint64_t position) {
    for (const auto& each : task_.permits) each.tell<&sequencer::skip>(task_.node, position);
  }

  /// Calls code that is the program's.
  template <class Call>
  bool in_role(const Call& call) {
    is_in_role_ = true;
    try {
      const bool goes_on = call();
      is_in_role_ = false;
      return goes_on;
    } catch (const item_failed&) {
      is_in_role_ = false;
      throw;
    }
  }

  bool give(std::uint64_t position) {
    try {
      return in_role([&] { return role_->produce(position, out_); });
    } catch (const item_failed& problem) {
      out_.drop_value(named(problem.what()));
      return true;
    }
  }

  void take_all() {
    // Its end is the visit's, so that the inbox knows what was done here before the run hears of this end.
    inbox_client from{*task_.from};
    bool goes_on = !task_.keeps || resume(from);
    while (goes_on) {
      from.has_more() || not_kept_ != 0 ? duty_.be_handed() : duty_.rest();
      const auto item = next(from);
      if (!item) break;
      if (item->marks) {
        out_.pass_on(*item);
      } else if (item->failed) {
        fail(*item);
      } else {
        goes_on = take(*item);
      }
      ++not_kept_;
    }
    if (task_.keeps) keep(from, !goes_on);
  }

  std::optional<parcel> next(inbox_client& from) {
    if (!task_.keeps || not_kept_ == 0) return from.get(no_deadline);
    if (now_ >= keep_at_) keep(from, false);
    try {
      return from.get(not_kept_ == 0 ? no_deadline : keep_at_);
    } catch (const timeout&) {
      keep(from, false);
      return from.get(no_deadline);
    }
  }

  /// Goes on where the last holder of this seat left off. False where that one wanted no more.
  bool resume(inbox_client& from) {
    const auto bytes = from.settle(task_.index, task_.incarnation);
    if (bytes.empty()) return true;
    auto kept = unpack<kept_state>(bytes);
    end_ = std::move(kept.so_far);
    if (!kept.object.empty()) role_->restore(kept.object);
    return !kept.has_enough;
  }

  /// Gives away what would be lost with this process, and with it what it is about. The interval follows the cost: it
  /// takes a twentieth of the time at most.
  void keep(inbox_client& from, bool has_enough) {
    constexpr auto least = std::chrono::milliseconds{5};
    constexpr int times_the_cost = 20;
    const auto begun = clock::now();
    // The ledger is not copied, but lent.
    kept_state now{.so_far = std::move(end_), .object = role_->save(), .has_enough = has_enough};
    from.keep(std::exchange(not_kept_, 0), pack(now));
    end_ = std::move(now.so_far);
    const auto ended = clock::now();
    keep_at_ = ended + std::max<clock::duration>(least, times_the_cost * (ended - begun));
  }

  /// One turn. False where the object wants no more.
  bool take(const parcel& item) {
    begin_turn(item.origin, item.ordinal, item.share);
    unpacker values{item.bytes};
    bool goes_on = true;
    std::string failure;
    for (std::uint32_t i = 0; i < item.values && goes_on; ++i) {
      goes_on = handle(values, failure);
      count_one();
    }
    if (out_.leads_anywhere()) {
      out_.commit();
    } else if (failure.empty()) {
      end_.seen.complete(item);
    } else {
      end_.seen.fail(item, failure);
    }
    return goes_on;
  }

  bool handle(unpacker& values, std::string& failure) {
    try {
      const bool goes_on = in_role([&] { return role_->handle(values, out_); });
      out_.end_value();
      return goes_on;
    } catch (const item_failed& problem) {
      failure = named(problem.what());
      out_.drop_value(failure);
      return true;
    }
  }

  void fail(const parcel& item) {
    if (out_.leads_anywhere()) {
      out_.pass_on(item);
    } else {
      end_.seen.fail(item, {reinterpret_cast<const char*>(item.bytes.data()), item.bytes.size()});
    }
  }

  void finish() {
    begin_turn(task_.node, task_.index, whole_share(task_.node, task_.index));
    role_->finish(out_);
    if (!out_.has_values()) return;
    out_.commit();
    ++end_.given;
  }

  void count_one() {
    ++end_.handled;
    now_ = clock::now();
    if (now_ - told_ < progress_interval) return;
    told_ = now_;
    (void)task_.run.try_tell<&board::handled>(task_.member, end_.handled);
  }

  [[nodiscard]] std::string named(const std::string& reason) const { return task_.node_name + ": " + reason; }

  assignment task_;
  bool& is_in_role_;
  std::unique_ptr<role> role_;
  outbox out_;
  duty_line duty_;
  std::vector<std::uint64_t> permitted_;  ///< for each permit: the position to ask for next
  ending end_;
  std::mt19937_64 random_;
  std::uint64_t not_kept_ = 0;  ///< items handled since the last `keep`
  clock::time_point keep_at_ = clock::now();
  clock::time_point now_ = clock::now();  ///< about: at the end of the last item
  clock::time_point told_ = now_;
};

}  // namespace

void run_replica(assignment task) {
  bool is_in_role = false;
  try {
    replica{std::move(task), is_in_role}.run();
  } catch (const actor_down&) {
    // One of the run's own has died, which the run is told, and goes on from.
    if (!is_in_role) this_actor::detail::end_quietly();
    throw;
  }
}

}  // namespace troupe::detail
