// ZeroMQ (C++ binding cppzmq) over ipc://. W1, W8: REQ/REP; streams: PUSH/PULL; W4, W6, W7: PUSH to two PULLs, and back.
// Defaults throughout (high-water mark 1000, one thread for input and output).
#include "transport.hpp"

#include <zmq.hpp>

using namespace bench;
using zmq::socket_type;

namespace {

bool request_reply;  // W1, W5, W8

struct channel {
  zmq::socket_t in, out;  // with request_reply `in` alone, both ways
  zmq::message_t received{};

  void send(const void* p, std::size_t n) {
    (request_reply ? in : out).send(zmq::buffer(p, n), zmq::send_flags::none);
  }
  const char* recv(std::size_t n) {
    check(in.recv(received) && received.size() == n, "zmq recv");
    return static_cast<const char*>(received.data());
  }
  void put(const void* p, std::size_t n) { send(p, n); }  // as a farm
  const char* get(std::size_t n) { return recv(n); }
};

enum class side { binds, connects };

zmq::socket_t open(zmq::context_t& context, socket_type type, const std::string& where, side how) {
  zmq::socket_t made{context, type};
  made.set(zmq::sockopt::linger, 2000);
  if (how == side::binds)
    made.bind(where);
  else
    made.connect(where);
  return made;
}

struct address : socket_address {
  address() : socket_address{"zmq", "ipc://"} {}
};

struct transport {
  template <class Child, class Parent>
  static void pair(std::size_t, Child child, Parent parent) {
    const address at;
    const pid_t pid = fork_run([&] {
      zmq::context_t context;
      if (request_reply) {
        channel mine{open(context, socket_type::rep, at.url, side::connects), {}};
        child(mine);
      } else {
        channel mine{{}, open(context, socket_type::push, at.url, side::connects)};
        child(mine);
      }
    });
    {
      zmq::context_t context;
      channel mine{open(context, request_reply ? socket_type::req : socket_type::pull, at.url, side::binds),
                   {}};
      parent(mine);
    }
    reap(pid);
  }

  template <class Worker, class Parent>
  static void farm(std::size_t, Worker worker, Parent parent) {
    const address tasks, results;
    pid_t pids[2];
    for (auto& pid : pids) {
      pid = fork_run([&] {
        zmq::context_t context;
        channel mine{open(context, socket_type::pull, tasks.url, side::connects),
                     open(context, socket_type::push, results.url, side::connects)};
        mine.send("ready", 5);
        worker(mine);
      });
    }
    {
      zmq::context_t context;
      channel mine{open(context, socket_type::pull, results.url, side::binds),
                   open(context, socket_type::push, tasks.url, side::binds)};
      for (int k = 0; k < 2; ++k) mine.recv(5);
      usleep(20'000);  // both are connected for tasks too
      parent(mine);
    }
    for (const pid_t pid : pids) end(pid);
  }

  template <class Producer, class Consumer, class Watch>
  static void fan(std::size_t, Producer producer, Consumer consumer, Watch watch) {
    const address at;
    pid_t pids[3];
    for (int k : {0, 1}) {
      pids[k] = fork_run([&] {
        zmq::context_t context;
        channel mine{open(context, socket_type::pull, at.url, side::connects), {}};
        consumer(mine, k);
      });
    }
    pids[2] = fork_run([&] {
      zmq::context_t context;
      channel mine{{}, open(context, socket_type::push, at.url, side::binds)};
      usleep(200'000);  // both consumers connect meanwhile
      producer(mine);
    });
    watch();
    for (const pid_t pid : pids) end(pid);
  }
};

int worker(const std::string& url) {
  zmq::context_t context;
  channel mine{open(context, socket_type::rep, url, side::connects), {}};
  for (message m; m.number != last;) {
    std::memcpy(&m, mine.recv(small), small);
    mine.send(&m, small);
  }
  return 0;
}

int spawn_and_stop() {
  zmq::context_t context;
  time_starts("spawn", [&] {
    const address at;
    channel mine{open(context, socket_type::req, at.url, side::binds), {}};
    const pid_t pid = spawn_self("worker", at.url);
    for (const u64 number : {u64{0}, last}) {
      const message m{number, {}};
      mine.send(&m, small);
      mine.recv(small);
    }
    reap(pid);
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
