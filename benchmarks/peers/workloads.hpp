// The workloads, each written once, for any way of sending: what a message holds, how much is sent, what is timed and
// what is checked. transport.hpp runs them between processes.
#pragma once

#include "measure.hpp"

#include <atomic>
#include <utility>

namespace bench {

/// The 64 bytes that most workloads send.
struct message {
  u64 number = 0;
  u64 rest[7] = {};
};

/// W1: times `call(i)` again and again.
class round_trips {
 public:
  template <class Call>
  void measure(Call call) {
    for (u64 i = 0; i < much_rtt.count / 10; ++i) call(i);
    const u64 start = now();
    u64 before = start;
    for (u64 i = 0; i < much_rtt.count && before - start < much_rtt.limit; ++i) {
      call(i);
      const u64 after = now();
      times_.push_back(after - before);
      before = after;
    }
    std::sort(times_.begin(), times_.end());
  }
  void print() const {
    report("W1", "rtt_p50", static_cast<double>(times_[times_.size() / 2]) / 1e3, "us");
    report("W1", "rtt_p99", static_cast<double>(times_[times_.size() * 99 / 100]) / 1e3, "us");
  }

 private:
  std::vector<u64> times_;
};

/// W2, W3: numbers messages of `size` bytes and sends them until the amount is used up, then the last, which says when the
/// first was sent. The payload lies in the sender's own memory before each send.
template <class Send>
void produce(std::size_t size, Send send) {
  std::vector<u64> words(size / 8, 7);
  const amount much = size == small ? much_stream : amount{much_bulk.count / size, much_bulk.limit};
  const u64 step = size == small ? 64 : 1;  // the clock is read so seldom
  const u64 start = now();
  for (u64 i = 0; i < much.count && (i % step != 0 || now() - start < much.limit); ++i) {
    words.front() = i;
    words.back() = i;
    send(words.data(), size);
  }
  words[0] = last;
  words[1] = start;
  send(words.data(), size);
}

/// W2, W3: what has come. Of large messages it reads the numbers, and one word of each page.
class receipts {
 public:
  /// True for the last.
  bool take(const char* bytes, std::size_t size) {
    const u64 first = word(bytes), final_word = word(bytes + size - 8);
    if (first == last) {
      nanoseconds_ = now() - word(bytes + 8);
      return true;
    }
    check(first == count_ && final_word == count_, "messages are whole and in order");
    u64 sum = 0;
    for (std::size_t i = 4096; i + 8 < size; i += 4096) sum += word(bytes + i);
    check(size <= 8192 || sum == 7 * (size / 4096 - 1), "the payload is what was sent");
    ++count_;
    return false;
  }
  u64 count() const { return count_; }
  void print(const std::string& workload, std::size_t size) const {
    const auto messages = static_cast<double>(count_), time = static_cast<double>(nanoseconds_);
    if (size == small)
      report(workload, "rate", messages / (time / 1e9), "msg/s");
    else
      report(workload, "bandwidth", messages * static_cast<double>(size) / time, "GB/s");
  }

 private:
  static u64 word(const char* at) {
    u64 value;
    std::memcpy(&value, at, 8);
    return value;
  }

  u64 count_ = 0;
  u64 nanoseconds_ = 1;
};

/// W4: who has consumed how much, in memory that all four processes share.
class board {
 public:
  template <class Send>
  void produce(Send send) {
    message item;
    u64 i = 0;
    const u64 start = now();
    began_ = start;
    for (; i < much_fan.count && (i % 64 != 0 || now() - start < much_fan.limit); ++i) {
      item.number = i;
      send(&item, small);
    }
    total_ = i;
  }
  /// By consumer 0 or 1.
  void consumed(int who, const char* bytes) {
    u64 number;
    std::memcpy(&number, bytes, 8);
    auto& mine = by_[who];
    mine.sum.store(mine.sum.load(std::memory_order_relaxed) + number, std::memory_order_relaxed);
    mine.count.store(mine.count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  void watch() {
    while (total_ == 0 || by_[0].count + by_[1].count < total_) usleep(500);
    const auto seconds = static_cast<double>(now() - began_) / 1e9;
    const u64 count = total_;
    check(by_[0].sum + by_[1].sum == count * (count - 1) / 2, "every message is consumed once");
    report("W4", "rate", static_cast<double>(count) / seconds, "msg/s");
    const auto less = static_cast<double>(std::min(by_[0].count.load(), by_[1].count.load()));
    report("W4", "share", 100 * less / static_cast<double>(count), "%");
  }

 private:
  struct alignas(64) account {
    std::atomic<u64> count{0}, sum{0};
  };
  account by_[2];
  alignas(64) std::atomic<u64> began_{0};
  std::atomic<u64> total_{0};
};

/// W5: `one()` starts a worker, gets its first reply, stops it and reaps it.
template <class One>
void time_starts(const std::string& metric, One one, int count = starts) {
  one();
  const u64 start = now();
  for (int i = 0; i < count; ++i) one();
  report("W5", metric, static_cast<double>(now() - start) / 1e6 / count, "ms");
}

// --- W6, W7: maps ---

constexpr u64 map_items = 100'000;
inline const std::vector<u64> heavy_items = {50'000'000, 50'100'000, 50'200'000, 50'300'000, 50'400'000};

inline u64 square(u64 number) { return number * number; }
[[gnu::noinline, gnu::aligned(64)]] inline u64 sum_of_squares(u64 end) {
  u64 sum = 0;
  for (u64 i = 0; i < end; ++i) {
    sum += i * i;
    asm volatile("" : "+r"(sum));  // else the compiler knows a formula
  }
  return sum;
}

/// An ordered map: a task is the first index and `chunk` numbers; at most `window` of them are out at a time.
template <class Farm>
std::vector<u64> farm_map(Farm& farm, const std::vector<u64>& in, std::size_t chunk, std::size_t window) {
  std::vector<u64> out(in.size()), task(1 + chunk);
  const std::size_t tasks = in.size() / chunk, bytes = 8 * task.size();
  for (std::size_t sent = 0, back = 0; back < tasks;) {
    if (sent < tasks && sent - back < window) {
      task[0] = sent++ * chunk;
      std::memcpy(&task[1], &in[task[0]], 8 * chunk);
      farm.put(task.data(), bytes);
    } else {
      std::memcpy(task.data(), farm.get(bytes), bytes);
      std::memcpy(&out[task[0]], &task[1], 8 * chunk);
      ++back;
    }
  }
  return out;
}

/// W6. A farm that bounds the tasks out by something else has a constant `window`.
template <class Farm>
void time_map(const std::string& metric, Farm& farm, std::size_t chunk) {
  std::vector<u64> in(map_items);
  for (u64 i = 0; i < map_items; ++i) in[i] = i;
  farm_map(farm, std::vector<u64>(4 * chunk, 1), chunk, 4);  // warm
  std::size_t window = 128;
  if constexpr (requires { Farm::window; }) window = Farm::window;
  std::vector<double> seconds;
  for (int round = 0; round < 3 && (round == 0 || seconds[0] < 0.3); ++round) {
    const u64 start = now();
    const auto out = farm_map(farm, in, chunk, chunk == 1 ? window : 4);
    seconds.push_back(static_cast<double>(now() - start) / 1e9);
    for (u64 i = 0; i < map_items; ++i) check(out[i] == i * i, "the squares are right");
  }
  report("W6", metric, median(seconds), "s");
}

/// W7: `with_pool` is handed a function that times a map over the pool that it has up. The sequential loop is timed before
/// there is a pool (one that spins would disturb it) and between the maps. The best of the rounds counts: other guests of the
/// machine only ever slow a loop down.
template <class WithPool>
void time_heavy_map(WithPool with_pool) {
  std::vector<u64> want(heavy_items.size());
  u64* const best = shared<u64>(8);  // shared: the pool's side may be a child
  u64 &alone = best[0] = last, &together = best[1] = last;
  const auto sequential = [&] {
    const u64 start = now();
    for (std::size_t i = 0; i < want.size(); ++i) want[i] = sum_of_squares(heavy_items[i]);
    alone = std::min(alone, now() - start);
  };
  sequential();
  sequential();
  with_pool([&](auto map) {
    for (int round = 0; round < (quick ? 2 : 3); ++round) {
      const u64 start = now();
      const std::vector<u64> got = map(heavy_items);
      together = std::min(together, now() - start);
      check(got == want, "the sums are right");
      sequential();
    }
  });
  report("W7", "speedup", static_cast<double>(alone) / static_cast<double>(together), "x");
  report("W7", "seq", static_cast<double>(alone) / 1e9, "s");
  report("W7", "par", static_cast<double>(together) / 1e9, "s");
}

// --- W8: a large array ---

constexpr u64 array_items = 8 << 20;  ///< doubles: 64 MiB
constexpr std::size_t array_bytes = array_items * sizeof(double);

inline std::vector<double> make_array() {
  std::vector<double> all(array_items);
  for (u64 i = 0; i < array_items; ++i) all[i] = static_cast<double>(i) * 0.5;
  return all;
}

inline bool holds_array(const double* all, u64 step) {
  bool right = all[array_items - 1] == (array_items - 1) * 0.5;
  for (u64 i = 0; i < array_items; i += step) right &= all[i] == static_cast<double>(i) * 0.5;
  return right;
}

/// `once(start, stop)` fetches the array: it calls start() just before it asks, and stop(where) when it can read it.
template <class Once>
void time_array(const std::string& metric, Once once) {
  std::vector<double> seconds;
  u64* const times = shared<u64>(8);  // shared, as in time_heavy_map
  for (int round = 0; round < (quick ? 1 : 3) && (round == 0 || seconds[0] < 0.3); ++round) {
    once([=] { times[0] = now(); },
         [=](const double* all) {
           const bool right = holds_array(all, 512);  // one of each page: inside the timing
           times[1] = now();
           check(right && holds_array(all, 1), "the array is right");
         });
    seconds.push_back(static_cast<double>(times[1] - times[0]) / 1e9);
  }
  report("W8", metric, array_bytes / 1e9 / median(seconds), "GB/s");
}

// --- by name ---

/// What a program can do; null where it cannot, or has a way of its own.
struct program {
  void (*round_trip)();
  void (*stream)(const std::string& workload, std::size_t size);
  void (*fan)();
  void (*spawn_and_stop)();
  void (*map)(const std::string& metric, std::size_t chunk);
  void (*heavy_map)();
  void (*array)();
};

/// The workload of that name; the status to end with: 2 where there is none.
inline int run(const program& of, const std::string& workload) {
  const auto call = [](auto* what, const auto&... with) {
    if (what == nullptr) return 2;
    what(with...);
    return 0;
  };
  if (workload == "W1") return call(of.round_trip);
  if (workload == "W2") return call(of.stream, "W2", small);
  if (workload == "W3") return call(of.stream, "W3", large);
  if (workload == "W3b") return call(of.stream, "W3b", medium);
  if (workload == "W4") return call(of.fan);
  if (workload == "W5") return call(of.spawn_and_stop);
  if (workload == "W7") return call(of.heavy_map);
  if (workload == "W8") return call(of.array);
  if (workload != "W6") return 2;
  for (const auto& [metric, chunk] : {std::pair{"chunk1", 1}, {"chunk1000", 1000}, {"default", 12'500}})
    of.map(metric, static_cast<std::size_t>(chunk));
  return 0;
}

}  // namespace bench
