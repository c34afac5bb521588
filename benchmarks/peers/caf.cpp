// C++ Actor Framework 0.17: caf {remote|inproc} WORKLOAD. Actors in two processes over caf::io (TCP on loopback), with the
// default scheduler; inproc: the same actors in one process, for reference. A payload is a string, or a vector of
// numbers. send() has no back-pressure, so who streams waits for an acknowledgement now and then (credit).
#include "workloads.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

using namespace bench;

namespace {

using numbers = std::vector<u64>;
using doubles = std::vector<double>;
bool in_process;

struct settings : caf::actor_system_config {
  settings() {
    load<caf::io::middleman>();
    add_message_type<numbers>("numbers");
    add_message_type<doubles>("doubles");
  }
};

struct node {
  settings options{};
  caf::actor_system system{options};

  std::uint16_t publish(const caf::actor& which) {
    const auto port = system.middleman().publish(which, 0, "127.0.0.1");
    check(bool(port), "publish");
    return *port;
  }
  caf::actor remote(std::uint16_t port) {
    const auto found = system.middleman().remote_actor("127.0.0.1", port);
    check(bool(found), "remote_actor");
    return *found;
  }
};

std::uint16_t read_port(int from) {
  std::uint16_t port;
  check(read(from, &port, sizeof port) == sizeof port, "port");
  return port;
}
void write_port(int to, std::uint16_t port) { check(write(to, &port, sizeof port) == sizeof port, "port"); }

/// A process with the actor that `make(system)` spawns.
struct child_process {
  pid_t pid;
  std::uint16_t port;
  template <class Make>
  explicit child_process(Make make) {
    int ends[2];
    check(pipe(ends) == 0, "pipe");
    pid = fork_run([&] {
      node mine;
      write_port(ends[1], mine.publish(make(mine.system)));
      for (;;) pause();
    });
    port = read_port(ends[0]);
    close(ends[0]);
    close(ends[1]);
  }
  ~child_process() { end(pid); }
};

caf::behavior echo() {
  return {[](std::string& text) { return std::move(text); }};
}

void failed(caf::error&) { check(false, "request"); }

caf::behavior mapper(caf::event_based_actor*, u64 (*work)(u64)) {
  return {[work](numbers& task) {
    for (std::size_t i = 1; i < task.size(); ++i) task[i] = work(task[i]);
    return std::move(task);
  }};
}

void measure_round_trips(caf::actor_system& system, const caf::actor& to) {
  round_trips trips;
  caf::scoped_actor self{system};
  trips.measure([&](u64 i) {
    std::string text(small, 'x');
    std::memcpy(text.data(), &i, 8);
    const auto right = [&](const std::string& reply) {
      check(std::memcmp(reply.data(), &i, 8) == 0, "the reply is that to the request");
    };
    self->request(to, caf::infinite, std::move(text)).receive(right, failed);
  });
  trips.print();
}

void round_trip() {
  if (in_process) {
    node mine;
    const caf::actor there = mine.system.spawn(echo);
    measure_round_trips(mine.system, there);
    caf::anon_send_exit(there, caf::exit_reason::user_shutdown);
    return;
  }
  const child_process child{[](auto& system) { return system.spawn(echo); }};
  node mine;
  measure_round_trips(mine.system, mine.remote(child.port));
}

/// The sink acknowledges; so many messages may be without it.
struct sender {
  caf::scoped_actor self;
  u64 credit, acknowledged = 0;
  void send(const caf::actor& to, u64 number, const void* p, std::size_t n) {
    while (number - acknowledged >= credit) self->receive([&](u64 more) { acknowledged += more; });
    self->send(to, std::string(static_cast<const char*>(p), n));
  }
};

void acknowledge(caf::event_based_actor* self, u64 count) {
  self->send(caf::actor_cast<caf::actor>(self->current_sender()), count);
}

[[noreturn]] void stream(const std::string& workload, std::size_t size) {
  const u64 credit = size == small ? 20'000 : 16;
  const auto source = [=](caf::actor_system& system, const caf::actor& to) {
    sender out{caf::scoped_actor{system}, credit};
    u64 number = 0;
    produce(size, [&](const void* p, std::size_t n) { out.send(to, number++, p, n); });
  };
  std::atomic<bool> done{false};
  const auto sink = [&](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self, come = receipts{}](std::string& text) mutable {
      if (come.take(text.data(), size)) {
        come.print(workload, size);
        done = true;
      } else if (come.count() % (credit / 2) == 0) {
        acknowledge(self, credit / 2);
      }
    }};
  };
  int ends[2];
  check(pipe(ends) == 0, "pipe");
  const pid_t pid = in_process ? 0 : fork_run([&] {
    const auto port = read_port(ends[0]);
    node mine;
    source(mine.system, mine.remote(port));
    for (;;) pause();
  });
  auto* mine = new node;  // its threads end with the process
  const caf::actor there = mine->system.spawn(sink);
  if (in_process)
    source(mine->system, there);
  else
    write_port(ends[1], mine->publish(there));
  while (!done) usleep(200);
  if (pid != 0) end(pid);
  _exit(0);
}

void fan() {
  constexpr u64 step = 5000;
  auto* all = shared<board>();
  const auto consumer = [all](int who) {
    return [=](caf::event_based_actor* self) -> caf::behavior {
      return {[=, count = u64{0}](std::string& text) mutable {
        all->consumed(who, text.data());
        if (++count % step == 0) acknowledge(self, step);
      }};
    };
  };
  const child_process first{[&](auto& system) { return system.spawn(consumer(0)); }};
  const child_process second{[&](auto& system) { return system.spawn(consumer(1)); }};
  const pid_t pid = fork_run([&] {
    node mine;
    const caf::actor to[2] = {mine.remote(first.port), mine.remote(second.port)};
    sender out{caf::scoped_actor{mine.system}, 8 * step};
    u64 number = 0;
    all->produce([&](const void* p, std::size_t n) {
      out.send(to[number % 2], number, p, n);
      ++number;
    });
    for (;;) pause();
  });
  all->watch();
  end(pid);
}

struct farm {
  caf::scoped_actor self;
  caf::actor to[2];
  int turn = 0;
  numbers in{};

  void put(const void* p, std::size_t n) {
    const auto* first = static_cast<const u64*>(p);
    turn = 1 - turn;
    self->send(to[turn], numbers(first, first + n / 8));
  }
  const char* get(std::size_t) {
    self->receive([&](numbers& reply) { in = std::move(reply); });
    return reinterpret_cast<const char*>(in.data());
  }
};

template <class Body>
void with_pool(u64 (*work)(u64), Body body) {
  if (in_process) {
    node mine;
    farm both{caf::scoped_actor{mine.system},
              {mine.system.spawn(mapper, work), mine.system.spawn(mapper, work)}};
    body(both);
    for (const auto& one : both.to) caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    return;
  }
  const auto make = [work](auto& system) { return system.spawn(mapper, work); };
  const child_process first{make}, second{make};
  reap(fork_run([&] {  // a fresh process: W6 makes several pools
    node mine;
    farm both{caf::scoped_actor{mine.system}, {mine.remote(first.port), mine.remote(second.port)}};
    body(both);
    _exit(0);
  }));
}

void map(const std::string& metric, std::size_t chunk) {
  with_pool(square, [&](farm& both) { time_map(metric, both, chunk); });
}

void heavy_map() {
  time_heavy_map([](auto time) {
    with_pool(sum_of_squares, [&](farm& both) { time([&](auto& in) { return farm_map(both, in, 1, 2); }); });
  });
}

void array() {
  time_array("array", [](auto start, auto stop) {
    const child_process child{[](auto& system) {
      const auto all = std::make_shared<doubles>(make_array());
      return system.spawn(
          [all]() -> caf::behavior { return {[all](u64 full) { return full != 0 ? *all : doubles{}; }}; });
    }};
    reap(fork_run([&] {
      node mine;
      caf::scoped_actor self{mine.system};
      const caf::actor there = mine.remote(child.port);
      self->request(there, caf::infinite, u64{0}).receive([](doubles&) {}, failed);
      start();
      self->request(there, caf::infinite, u64{1}).receive([&](doubles& all) { stop(all.data()); }, failed);
      _exit(0);
    }));
  });
}

void spawn_and_stop() {
  node mine;
  caf::scoped_actor self{mine.system};
  const auto port = mine.publish(caf::actor_cast<caf::actor>(self));
  time_starts("spawn", [&] {
    const pid_t pid = spawn_self("worker", std::to_string(port));
    caf::actor worker;
    self->receive([&](caf::actor& which) { worker = which; });
    self->request(worker, caf::infinite, std::string(small, 'x')).receive([](std::string&) {}, failed);
    self->send_exit(worker, caf::exit_reason::user_shutdown);
    reap(pid);
  });
}

void worker(std::uint16_t port) {
  node mine;
  caf::scoped_actor self{mine.system};
  const caf::actor there = mine.system.spawn(echo);
  self->send(mine.remote(port), there);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const std::string mode = arguments[1], workload = arguments[2];
  in_process = mode == "inproc";
  if (mode == "worker") {
    worker(static_cast<std::uint16_t>(std::stoi(workload)));
    return 0;
  }
  return run({round_trip, stream, fan, spawn_and_stop, map, heavy_map, array}, workload);
}
