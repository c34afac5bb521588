#include "replica.hpp"

#include <troupe/detail/topology/role.hpp>

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
  explicit replica(assignment task)
      : task_{std::move(task)},
        role_{part::find(task_.role).make(task_.arguments)},
        out_{task_.edges},
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
    end_.edges = out_.counts();
    role_.reset();
    task_.run.ask<&board::ended>(task_.member, std::move(end_)).get();
    duty_.rest();
  }

 private:
  /// The positions of one sequence are dealt out to the replicas in turn.
  void give_all() {
    for (std::uint64_t position = task_.index;; position += task_.replicas) {
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

  bool give(std::uint64_t position) {
    try {
      return role_->produce(position, out_);
    } catch (const item_failed& problem) {
      out_.drop_value(named(problem.what()));
      return true;
    }
  }

  void take_all() {
    // The last handle, so that the inbox knows what was done here before the run hears of this end.
    auto inbox = std::exchange(task_.inbox, std::nullopt).value();
    bool goes_on = true;
    while (goes_on) {
      duty_.rest();
      const auto item = inbox.get();
      if (!item) return;
      if (item->marks) {
        out_.pass_on(*item);
      } else if (item->failed) {
        fail(*item);
      } else {
        goes_on = take(*item);
      }
    }
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
      const bool goes_on = role_->handle(values, out_);
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
    const auto now = clock::now();
    if (now - told_ < progress_interval) return;
    told_ = now;
    (void)task_.run.try_tell<&board::handled>(task_.member, end_.handled);
  }

  [[nodiscard]] std::string named(const std::string& reason) const { return task_.node_name + ": " + reason; }

  assignment task_;
  std::unique_ptr<role> role_;
  outbox out_;
  duty_line duty_;
  std::vector<std::uint64_t> permitted_;  ///< for each permit: the position to ask for next
  ending end_;
  std::mt19937_64 random_;
  clock::time_point told_ = clock::now();
};

}  // namespace

void run_replica(assignment task) { replica{std::move(task)}.run(); }

}  // namespace troupe::detail
