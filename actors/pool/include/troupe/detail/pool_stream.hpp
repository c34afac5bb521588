// What map and imap do with what comes back.
#pragma once

#include <troupe/detail/pool_feed.hpp>
#include <troupe/detail/pool_flow.hpp>
#include <troupe/failed_at.hpp>
#include <troupe/map_options.hpp>
#include <troupe/outcome.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

/// What both have: where items come from, and where they go. Threads: one.
template <class Task, class Item, class View>
struct pool_call {
  using flow_type = pool_flow<Task, Item>;
  using settled = typename flow_type::job;
  using value_type = kept_result<task_result<Task, Item>>;

  static constexpr std::size_t most_short_chunks = 48;         // a lane
  static constexpr std::size_t most_bytes_ahead = 256 * 1024;  // a lane: well below what its mailbox takes

  pool_call(const std::shared_ptr<pool_crew>& crew, View view, const map_options& given, bool is_map)
      : feed{std::move(view), checked(given).chunk_size, crew->size(), crew->max_tasks()},
        options{given},
        until{deadline_in(given.timeout)},
        in_flight{given.in_flight != 0 ? given.in_flight : 2 * crew->size()},
        flow{crew, bounds(*crew, is_map)},
        // Items from a range that does not say how many it has may be slow in coming: they travel one by one.
        chooses_size{given.chunk_size == 0 && (is_map || feed.total())} {
    if (chooses_size) feed.set_chunk_size(std::max<std::size_t>(feed.chunk_size() / growth, 1));
  }

  /// The next chunk that is settled. Throws `timeout`; then nothing of it is at the workers any more.
  settled take() {
    auto next = flow.take(until);
    if (next) return std::move(*next);
    feed.end();
    flow.abandon();
    throw timeout{"a map was not done within the timeout of its options: " + std::to_string(done) +
                  " items were; what was running has been ended, and the pool goes on"};
  }

  typename flow_type::bounds bounds(const pool_crew& crew, bool is_map) {
    const auto chunk = feed.chunk_size();
    if (is_map && options.in_flight == 0 && feed.total()) {
      in_flight = crew.size() *
                  std::clamp<std::size_t>(most_bytes_ahead / (chunk * sizeof(Item)), 2, most_short_chunks);
    }
    return {.in_all = in_flight,
            .a_lane = (in_flight + crew.size() - 1) / crew.size(),
            .at_first = chunk > 1 ? std::size_t{2} : std::size_t{1},
            .until_failure = is_map,
            .in_parts = is_map && crew.max_tasks() == 0,  // who counts tasks counts on whole chunks
            .rules = rules_of(options, crew.rules())};
  }

  /// The next chunk, sent; false where there is none.
  bool send_next() {
    auto chunk = feed.next();
    if (chunk) flow.send(std::move(*chunk));
    if (feed.ended()) flow.ends();
    return chunk.has_value();
  }

  void report(const settled& what) {
    done += what.count();
    if (options.on_progress) options.on_progress(done, feed.total());
  }

  /// A millisecond's work, as far as can be told: the first chunks are small. So the last ones end at about the same time.
  void adapt(std::size_t settled_items) {
    if (!chooses_size || flow.pace() == 0) return;
    constexpr double fitting = 1e6;  // nanoseconds
    const auto wanted = fitting / std::max(flow.pace(), 1.0);
    const auto most = static_cast<double>(
        std::min(std::max(growth * settled_items, feed.chunk_size()), feed.most_at_once()));
    feed.set_chunk_size(static_cast<std::size_t>(std::clamp(wanted, 1.0, most)));
  }
  static constexpr std::size_t growth = 8;  // of chunks, at most, from one to the next

  pool_feed<Item, View> feed;
  map_options options;
  deadline until;
  std::size_t in_flight;
  flow_type flow;
  bool chooses_size;
  std::size_t done = 0;
};

/// All of it.
template <class Task, class Item, class View>
class pool_mapping {
 public:
  using call_type = pool_call<Task, Item, View>;
  using value_type = typename call_type::value_type;

  pool_mapping(const std::shared_ptr<pool_crew>& crew, View view, const map_options& given)
      : under_way_{crew->begin_map()}, call_{crew, std::move(view), given, true} {}

  /// Throws what the first item that failed threw, once nothing is running any more.
  std::vector<value_type> run() {
    if (call_.feed.total()) results_.reserve(*call_.feed.total());
    for (;;) {
      while (!call_.feed.ended() && call_.flow.has_room() && call_.send_next()) {
      }
      if (call_.flow.is_empty()) break;
      auto done = call_.take();
      call_.adapt(done.count());
      keep(done);
      if (!threw_) call_.report(done);
    }
    if (problem_) throw_at(problem_, index_);
    if (call_.feed.problem()) std::rethrow_exception(call_.feed.problem());
    return std::move(results_);
  }

 private:
  using settled = typename call_type::settled;

  void keep(settled& done) {
    auto& values = done.values;
    if (!done.problems.empty()) {
      const auto index = done.first + done.problems.front().place;
      if (!problem_ || index < index_) {
        problem_ = done.problems.front().what;
        index_ = index;
      }
      // What an item threw ends the map; where workers do not survive one, the others are made all the same.
      if (!done.broke_off()) return;
      threw_ = true;
      call_.feed.end();
    } else if (results_.size() == done.first) {
      results_.insert(results_.end(), std::make_move_iterator(values.begin()),
                      std::make_move_iterator(values.end()));
    } else {
      if (results_.size() < done.first + values.size()) results_.resize(done.first + values.size());
      std::move(values.begin(), values.end(), results_.begin() + static_cast<std::ptrdiff_t>(done.first));
    }
  }

  std::shared_ptr<void> under_way_;
  call_type call_;
  std::vector<value_type> results_;
  std::exception_ptr problem_;  // of the first item that failed
  std::size_t index_ = 0;       // its
  bool threw_ = false;          // one did: no more are begun
};

/// One after another.
template <class Task, class Item, class View>
class pool_stream {
 public:
  using call_type = pool_call<Task, Item, View>;
  using value_type = typename call_type::value_type;

  pool_stream(const std::shared_ptr<pool_crew>& crew, View view, const map_options& given, bool ordered)
      : call_{crew, std::move(view), given, false}, in_order_{ordered} {}

  /// To the next result; false at the end. Throws what the range threw where that is next.
  bool next() {
    if (current_ && ++place_ < current_->count()) return true;
    current_.reset();
    for (;;) {
      fill();
      if (!window_.empty() && window_.front()) {
        begin_chunk();
        return true;
      }
      if (call_.flow.is_empty()) break;
      keep(call_.take());
    }
    if (const auto problem = std::exchange(range_problem_, {})) std::rethrow_exception(problem);
    return false;
  }

  /// The result that it stands at. Throws what its item failed with.
  typename std::vector<value_type>::reference current() {
    const auto& problems = current_->problems;
    while (failure_ < problems.size() && problems[failure_].place < place_) ++failure_;
    if (failure_ < problems.size() && problems[failure_].place == place_)
      throw_at(problems[failure_].what, current_->first + place_);
    return current_->values[place_ - failure_];
  }

 private:
  using settled = typename call_type::settled;

  void fill() {
    // A worker whose answer has come and not been taken has nothing to do, if whoever uses the results takes his time.
    while (!call_.flow.is_empty() && !call_.flow.has_room()) {
      auto done = call_.flow.try_take();
      if (!done) break;
      keep(std::move(*done));
    }
    while (window_.size() < call_.in_flight && !call_.feed.ended() && call_.flow.has_room()) {
      const bool sent = call_.send_next();
      if (call_.feed.problem()) range_problem_ = call_.feed.problem();
      if (!sent) break;
      window_.emplace_back();
    }
  }

  void keep(settled done) {
    call_.adapt(done.count());
    call_.report(done);
    const auto place = in_order_ ? done.number - begun_ : finished_++;
    window_[place] = std::move(done);
  }

  void begin_chunk() {
    current_ = std::move(window_.front());
    window_.pop_front();
    ++begun_;
    if (!in_order_) --finished_;
    place_ = failure_ = 0;
  }

  call_type call_;
  bool in_order_;
  // A place for every chunk that has been sent and not been begun with: in the order of the range, or of their coming.
  std::deque<std::optional<settled>> window_;
  std::size_t begun_ = 0;     // chunks
  std::size_t finished_ = 0;  // chunks at the front of the window, where that has the order of their coming
  std::optional<settled> current_;
  std::size_t place_ = 0;
  std::size_t failure_ = 0;  // failures before the current item
  std::exception_ptr range_problem_;
};

/// All that comes, each a result or an error.
template <class Result, class Stream>
std::vector<outcome<Result>> outcomes_of(Stream& stream) {
  std::vector<outcome<Result>> all;
  while (stream.next()) {
    try {
      if constexpr (std::is_void_v<Result>) {
        (void)stream.current();
        all.emplace_back(std::in_place);
      } else {
        all.emplace_back(std::in_place, std::move(stream.current()));
      }
    } catch (...) {
      all.emplace_back(std::current_exception());
    }
  }
  return all;
}

}  // namespace troupe::detail
