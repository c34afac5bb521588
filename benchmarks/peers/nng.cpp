// nng over ipc://, messages as nng_msg (no further copy on the way out). W1, W8: req/rep; streams: push/pull; W4, W6, W7:
// push to two pulls, and back. Defaults but for the limit of a message's size.
#include "transport.hpp"

#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

using namespace bench;

namespace {

bool request_reply;  // W1, W5, W8

void succeed(int result, const char* what) {
  if (result == 0) return;
  std::fprintf(stderr, "%s: %s\n", what, nng_strerror(result));
  _exit(3);
}

using opener = int (*)(nng_socket*);

nng_socket made(opener kind) {
  nng_socket socket;
  succeed(kind(&socket), "open");
  nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, 0);
  nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
  return socket;
}
nng_socket listening(opener kind, const std::string& url) {
  const auto socket = made(kind);
  succeed(nng_listen(socket, url.c_str(), nullptr, 0), "listen");
  return socket;
}
nng_socket dialled(opener kind, const std::string& url) {
  const auto socket = made(kind);
  succeed(nng_dial(socket, url.c_str(), nullptr, NNG_FLAG_NONBLOCK), "dial");
  return socket;
}

struct channel {
  nng_socket in, out;  // with request_reply `in` alone, both ways
  nng_msg* received = nullptr;

  ~channel() {
    if (received != nullptr) nng_msg_free(received);
  }
  void send(const void* p, std::size_t n) {
    nng_msg* sent;
    succeed(nng_msg_alloc(&sent, n), "alloc");
    std::memcpy(nng_msg_body(sent), p, n);
    succeed(nng_sendmsg(request_reply ? in : out, sent, 0), "send");
  }
  const char* recv(std::size_t n) {
    if (received != nullptr) nng_msg_free(received);
    succeed(nng_recvmsg(in, &received, 0), "recv");
    check(nng_msg_len(received) == n, "length");
    return static_cast<const char*>(nng_msg_body(received));
  }
  void put(const void* p, std::size_t n) { send(p, n); }  // as a farm
  const char* get(std::size_t n) { return recv(n); }
};

struct address : socket_address {
  address() : socket_address{"nng", "ipc://"} {}
};

/// nng makes its threads at first use, and cannot be used across a fork: each side is a child of its own.
struct transport {
  template <class Child, class Parent>
  static void pair(std::size_t, Child child, Parent parent) {
    const address at;
    const pid_t pid = fork_run([&] {
      if (request_reply) {
        channel mine{listening(nng_rep0_open, at.url), {}};
        child(mine);
        usleep(50'000);
      } else {
        channel mine{{}, listening(nng_push0_open, at.url)};
        child(mine);
        pause();  // until it is killed: nng does not linger
      }
    });
    reap(fork_run([&] {
      channel mine{dialled(request_reply ? nng_req0_open : nng_pull0_open, at.url), {}};
      parent(mine);
    }));
    end(pid);
  }

  template <class Worker, class Parent>
  static void farm(std::size_t, Worker worker, Parent parent) {
    const address tasks, results;
    reap(fork_run([&] {
      pid_t pids[2];
      for (auto& pid : pids) {
        pid = fork_run([&] {
          channel mine{dialled(nng_pull0_open, tasks.url), dialled(nng_push0_open, results.url)};
          mine.send("ready", 5);
          worker(mine);
        });
      }
      channel mine{listening(nng_pull0_open, results.url), listening(nng_push0_open, tasks.url)};
      for (int k = 0; k < 2; ++k) mine.recv(5);
      usleep(200'000);  // both are connected for tasks too: who dials tries again after 100 ms
      parent(mine);
      for (const pid_t pid : pids) end(pid);
    }));
  }

  template <class Producer, class Consumer, class Watch>
  static void fan(std::size_t, Producer producer, Consumer consumer, Watch watch) {
    const address at;
    pid_t pids[3];
    for (int k : {0, 1}) {
      pids[k] = fork_run([&] {
        channel mine{dialled(nng_pull0_open, at.url), {}};
        consumer(mine, k);
      });
    }
    pids[2] = fork_run([&] {
      channel mine{{}, listening(nng_push0_open, at.url)};
      usleep(400'000);  // both consumers connect meanwhile
      producer(mine);
    });
    watch();
    for (const pid_t pid : pids) end(pid);
  }
};

int worker(const std::string& url) {
  channel mine{dialled(nng_rep0_open, url), {}};
  message m;
  std::memcpy(&m, mine.recv(small), small);
  mine.send(&m, small);
  pause();  // stopped by a signal
  return 0;
}

int spawn_and_stop() {
  time_starts("spawn", [] {
    const address at;
    channel mine{listening(nng_req0_open, at.url), {}};
    const pid_t pid = spawn_self("worker", at.url);
    const message m;
    mine.send(&m, small);
    mine.recv(small);
    end(pid);
    nng_close(mine.in);
  });
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string workload = count > 1 ? arguments[1] : "";
  request_reply = workload == "W1" || workload == "W5" || workload == "W8" || workload == "worker";
  if (workload == "worker") return worker(arguments[2]);
  if (workload == "W5") return spawn_and_stop();
  return run<transport>(workload);
}
