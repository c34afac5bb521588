// The kernel's limit over a socket pair, no framing, no library: raw_socket {block|spin|batch} WORKLOAD
//   block: one send a message, reads of up to 64 KiB     spin: the same, and never asleep
//   batch: sends gather in 64 KiB, which go when they are full or before a read would block
#include "transport.hpp"

#include <memory>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

using namespace bench;

namespace {

struct mode {
  bool spin;
  bool batch;
};

template <mode Mode>
class channel {
 public:
  explicit channel(int socket) : socket_{socket}, out_{Mode.batch ? new char[block] : nullptr} {}

  void send(const void* p, std::size_t n) {
    if (!Mode.batch || n > block / 4) return write_all(static_cast<const char*>(p), n);
    if (held_ + n > block) flush();
    std::memcpy(&out_[held_], p, n);
    held_ += n;
  }
  void flush() { write_all(out_.get(), std::exchange(held_, 0)); }

  const char* recv(std::size_t n) {
    if (room_ < std::max(n, block)) grow(std::max(n, block));
    if (have_ - at_ < n) {
      if (Mode.batch && held_ > 0) flush();
      std::memmove(in_.get(), in_.get() + at_, have_ - at_);
      have_ -= std::exchange(at_, 0);
    }
    while (have_ - at_ < n) {
      const ssize_t got = ::recv(socket_, &in_[have_], room_ - have_, Mode.spin ? MSG_DONTWAIT : 0);
      if (got > 0)
        have_ += static_cast<std::size_t>(got);
      else
        try_again(got < 0, "recv");
    }
    at_ += n;
    return &in_[at_ - n];
  }

  int socket() const { return socket_; }
  bool has_some() const { return have_ > at_; }
  bool holds_some() const { return held_ > 0; }

 private:
  static constexpr std::size_t block = 64 << 10;

  static void try_again(bool failed, const char* what) {
    check(Mode.spin && failed && errno == EAGAIN, what);
    __builtin_ia32_pause();
  }
  void write_all(const char* p, std::size_t n) {
    while (n > 0) {
      const ssize_t sent = ::send(socket_, p, n, MSG_NOSIGNAL | (Mode.spin ? MSG_DONTWAIT : 0));
      if (sent <= 0) {
        try_again(sent < 0, "send");
        continue;
      }
      p += sent;
      n -= static_cast<std::size_t>(sent);
    }
  }
  void grow(std::size_t room) {
    std::unique_ptr<char[]> more{new char[room]};
    if (in_) std::memcpy(more.get(), in_.get() + at_, have_ - at_);
    have_ -= std::exchange(at_, 0);
    in_ = std::move(more);
    room_ = room;
  }

  int socket_;
  std::size_t at_ = 0, have_ = 0, room_ = 0, held_ = 0;
  std::unique_ptr<char[]> in_, out_;
};

struct sockets {
  int ends[2];
  explicit sockets(int type) { check(socketpair(AF_UNIX, type, 0, ends) == 0, "socketpair"); }
  ~sockets() {
    close(ends[0]);
    close(ends[1]);
  }
};

template <mode Mode>
struct transport {
  using end_of = channel<Mode>;

  template <class Child, class Parent>
  static void pair(std::size_t, Child child, Parent parent) {
    const sockets both{SOCK_STREAM};
    const pid_t pid = fork_run([&] {
      if (Mode.spin) pin(1);
      end_of mine{both.ends[1]};
      child(mine);
    });
    if (Mode.spin) pin(0);
    end_of mine{both.ends[0]};
    parent(mine);
    reap(pid);
  }

  template <class Worker, class Parent>
  static void farm(std::size_t, Worker worker, Parent parent) {
    const sockets of[2] = {sockets{SOCK_STREAM}, sockets{SOCK_STREAM}};
    pid_t pids[2];
    for (int k : {0, 1}) {
      pids[k] = fork_run([&] {
        end_of mine{of[k].ends[1]};
        worker(mine);
      });
    }
    end_of mine[2] = {end_of{of[0].ends[0]}, end_of{of[1].ends[0]}};
    const auto ready = [](end_of* channels) {
      for (int k : {0, 1}) {
        if (channels[k].has_some()) return k;
      }
      for (int k : {0, 1}) {
        if (channels[k].holds_some()) channels[k].flush();
      }
      pollfd asked[2] = {{channels[0].socket(), POLLIN, 0}, {channels[1].socket(), POLLIN, 0}};
      while (poll(asked, 2, Mode.spin ? 0 : -1) <= 0) sched_yield();
      return asked[0].revents != 0 ? 0 : 1;
    };
    farm_of_channels<end_of, decltype(ready)> both{mine, ready};
    parent(both);
    for (const pid_t pid : pids) end(pid);
  }

  /// Both consumers read the same end of one pair.
  template <class Producer, class Consumer, class Watch>
  static void fan(std::size_t, Producer producer, Consumer consumer, Watch watch) {
    const sockets both{SOCK_SEQPACKET};
    pid_t pids[3];
    for (int k : {0, 1}) {
      pids[k] = fork_run([&] {
        end_of mine{both.ends[1]};
        consumer(mine, k);
      });
    }
    pids[2] = fork_run([&] {
      end_of mine{both.ends[0]};
      producer(mine);
    });
    watch();
    for (const pid_t pid : pids) end(pid);
  }
};

pid_t forked_worker(int socket) {
  return fork_run([=] {
    for (int other = 3; other < 64; ++other) {
      if (other != socket) close(other);
    }
    for (char c; read(socket, &c, 1) == 1;) {
      ++c;
      check(write(socket, &c, 1) == 1, "write");
    }
  });
}

/// tiny.cpp: static, so that hardly anything is to be started.
pid_t executed_worker(int socket) {
  const char* folder = std::getenv("PEER_BUILD");
  std::string program = std::string{folder != nullptr ? folder : "."} + "/tiny";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, socket, 0);
  char* arguments[] = {program.data(), nullptr};
  pid_t pid;
  check(posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments, environ) == 0, "posix_spawn tiny");
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

template <class Start>
void start_and_stop(Start start) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
  const pid_t pid = start(ends[1]);
  close(ends[1]);
  char c = 'a';
  check(write(ends[0], &c, 1) == 1 && read(ends[0], &c, 1) == 1 && c == 'b', "first reply");
  close(ends[0]);  // the worker ends with its input
  reap(pid);
}

int spawn_and_stop() {
  const auto forked = [] { start_and_stop(forked_worker); };
  const auto executed = [] { start_and_stop(executed_worker); };
  time_starts("fork", forked);
  time_starts("posix_spawn", executed);
  const std::vector<char> much(std::size_t{1} << 30, 1);  // the same from a parent that uses 1 GiB
  time_starts("fork_from_1GiB", forked, starts / 5);
  time_starts("posix_spawn_from_1GiB", executed, starts / 5);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const std::string how = arguments[1], workload = arguments[2];
  if (workload == "W5") return spawn_and_stop();
  if (how == "spin") return run<transport<mode{true, false}>>(workload);
  if (how == "batch") return run<transport<mode{false, true}>>(workload);
  return run<transport<mode{false, false}>>(workload);
}
