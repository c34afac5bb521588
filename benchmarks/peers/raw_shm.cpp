// The limit over shared memory: rings of fixed slots with one writer and one reader each, one ring each way.
// raw_shm {futex|spin|hybrid} WORKLOAD: asleep at once, never asleep, or a look of 20 us before it sleeps.
#include "transport.hpp"

#include <atomic>
#include <linux/futex.h>
#include <sys/syscall.h>

using namespace bench;

namespace {

u64 longest_look = 0;  // nanoseconds before a sleep; `last`: for ever
bool never_sleeps() { return longest_look == last; }

/// One waiter. Whoever changes what it waits for calls wake().
class alignas(64) bell {
 public:
  void wake() {
    if (never_sleeps()) return;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_relaxed) != 0 && asleep_.exchange(0) != 0) {
      syscall(SYS_futex, &asleep_, FUTEX_WAKE, 1, nullptr, nullptr, 0);
    }
  }
  template <class Ready>
  void wait(Ready ready) {
    if (ready() || (longest_look != 0 && looks(ready))) return;
    for (;;) {
      asleep_.exchange(1);
      if (ready()) {
        asleep_ = 0;
        return;
      }
      syscall(SYS_futex, &asleep_, FUTEX_WAIT, 1, nullptr, nullptr, 0);
      if (ready()) return;
    }
  }

 private:
  template <class Ready>
  bool looks(Ready ready) {
    const u64 start = now();
    for (u64 i = 1;; ++i) {
      if (ready()) return true;
      __builtin_ia32_pause();
      if (i % 256 != 0) continue;
      if (never_sleeps())
        sched_yield();
      else if (now() - start > longest_look)
        return false;
    }
  }

  std::atomic<std::uint32_t> asleep_{0};
};

struct ring {
  std::size_t size, slots;
  bell* reader;  // several rings can share their reader's bell
  bell* writer;
  char* data;
  alignas(64) std::atomic<u64> head{0};
  alignas(64) std::atomic<u64> tail{0};

  bool empty() const { return head.load(std::memory_order_acquire) == tail.load(std::memory_order_relaxed); }
  bool full() const {
    return head.load(std::memory_order_relaxed) - tail.load(std::memory_order_acquire) == slots;
  }
  static ring* make(std::size_t size, bell* reader, bell* writer) {
    std::size_t slots = std::clamp<std::size_t>((256 << 10) / size, 1, 4096);
    if (slots < 4 && size <= large) slots = 4;
    auto* made = shared<ring>(size * slots);
    made->size = size;
    made->slots = slots;
    made->reader = reader;
    made->writer = writer;
    made->data = reinterpret_cast<char*>(made + 1);
    return made;
  }
};

class channel {
 public:
  channel(ring* in, ring* out) : in_{in}, out_{out} {}

  void send(const void* p, std::size_t n) {
    if (head_ - seen_tail_ == out_->slots) {
      out_->writer->wait([&] { return !out_->full(); });
      seen_tail_ = out_->tail.load(std::memory_order_acquire);
    }
    std::memcpy(out_->data + head_ % out_->slots * out_->size, p, n);
    out_->head.store(++head_, std::memory_order_release);
    out_->reader->wake();
  }
  const char* recv(std::size_t) {
    if (lent_) {
      in_->tail.store(++tail_, std::memory_order_release);
      in_->writer->wake();
    }
    if (tail_ == seen_head_) {
      in_->reader->wait([&] { return !in_->empty(); });
      seen_head_ = in_->head.load(std::memory_order_acquire);
    }
    lent_ = true;
    return in_->data + tail_ % in_->slots * in_->size;
  }
  bool has_some() const { return in_->head.load(std::memory_order_acquire) != tail_ + (lent_ ? 1 : 0); }
  bool is_full() const { return out_->full(); }

 private:
  ring *in_, *out_;
  bool lent_ = false;  // the last slot received is the reader's until the next
  u64 seen_head_ = 0, seen_tail_ = 0, head_ = 0, tail_ = 0;  // of its own: the cache lines travel less
};

struct two_ways {
  ring *up, *down;
  two_ways(std::size_t size, bell* parents) {
    auto* childs = shared<bell>();
    up = ring::make(size, parents, childs);
    down = ring::make(size, childs, parents);
  }
};

struct transport {
  template <class Child, class Parent>
  static void pair(std::size_t size, Child child, Parent parent) {
    const two_ways ways{size, shared<bell>()};
    const pid_t pid = fork_run([&] {
      if (never_sleeps()) pin(1);
      channel mine{ways.down, ways.up};
      child(mine);
    });
    if (never_sleeps()) pin(0);
    channel mine{ways.up, ways.down};
    parent(mine);
    reap(pid);
  }

  template <class Worker, class Parent>
  static void farm(std::size_t size, Worker worker, Parent parent) {
    auto* mine = shared<bell>();
    const two_ways ways[2] = {{size, mine}, {size, mine}};
    pid_t pids[2];
    for (int k : {0, 1}) {
      pids[k] = fork_run([&] {
        channel its{ways[k].down, ways[k].up};
        worker(its);
      });
    }
    channel channels[2] = {{ways[0].up, ways[0].down}, {ways[1].up, ways[1].down}};
    const auto ready = [&](channel* from) {
      mine->wait([&] { return from[0].has_some() || from[1].has_some(); });
      return from[0].has_some() ? 0 : 1;
    };
    farm_of_channels<channel, decltype(ready)> both{channels, ready};
    parent(both);
    for (const pid_t pid : pids) end(pid);
  }

  template <class Producer, class Consumer, class Watch>
  static void fan(std::size_t size, Producer producer, Consumer consumer, Watch watch) {
    auto* producers = shared<bell>();
    ring* rings[2];
    pid_t pids[3];
    for (auto*& one : rings) one = ring::make(size, shared<bell>(), producers);
    for (int k : {0, 1}) {
      pids[k] = fork_run([&] {
        channel mine{rings[k], nullptr};
        consumer(mine, k);
      });
    }
    pids[2] = fork_run([&] {
      in_turn both{{{nullptr, rings[0]}, {nullptr, rings[1]}}, producers};
      producer(both);
    });
    watch();
    for (const pid_t pid : pids) end(pid);
  }

 private:
  /// To one consumer and the other, past one that is full.
  struct in_turn {
    channel to[2];
    bell* room;
    u64 turn = 0;
    void send(const void* p, std::size_t n) {
      if (to[turn % 2].is_full()) room->wait([&] { return !to[0].is_full() || !to[1].is_full(); });
      if (to[turn % 2].is_full()) ++turn;
      to[turn++ % 2].send(p, n);
    }
  };
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const std::string how = arguments[1];
  longest_look = how == "spin" ? last : how == "hybrid" ? 20'000 : 0;
  return run<transport>(arguments[2]);
}
