// The workloads between processes, over a small interface. A `Transport` has those of these that its workloads need:
//
//   Transport::pair(most, child, parent)    child(channel&) in a new process, parent(channel&) here
//   Transport::farm(most, worker, parent)   worker(channel&) in two new processes, parent(farm&) here
//   Transport::fan(most, producer, consumer, watch)   a producer and two consumers, each a process; watch() here
//   a channel: send(p, n); recv(n), which returns a pointer to n bytes, good until the next recv; perhaps flush(), where it
//   holds sends back to batch them (it also lets them go before it blocks)
//   a farm: put(p, n) to some worker; get(n), a pointer to n bytes from some worker
//
// `most` is the largest message of the workload in bytes.
#pragma once

#include "workloads.hpp"

namespace bench {

template <class Channel>
void flush(Channel& channel) {
  if constexpr (requires { channel.flush(); }) channel.flush();
}

template <class Transport>
void rtt() {
  Transport::pair(
      small,
      [](auto& channel) {
        for (message m; m.number != last;) {
          std::memcpy(&m, channel.recv(small), small);
          channel.send(&m, small);
          flush(channel);
        }
      },
      [](auto& channel) {
        round_trips trips;
        message m;
        const auto call = [&](u64 number) {
          m.number = number;
          channel.send(&m, small);
          flush(channel);
          std::memcpy(&m, channel.recv(small), small);
          check(m.number == number, "the reply is that to the request");
        };
        trips.measure(call);
        call(last);
        trips.print();
      });
}

template <class Transport>
void stream(const std::string& workload, std::size_t size) {
  Transport::pair(
      size,
      [=](auto& channel) {
        channel.send(std::vector<char>(size).data(), size);  // returns when connected
        flush(channel);
        produce(size, [&](const void* p, std::size_t n) { channel.send(p, n); });
        flush(channel);
      },
      [=](auto& channel) {
        channel.recv(size);
        receipts come;
        while (!come.take(channel.recv(size), size)) continue;
        come.print(workload, size);
      });
}

template <class Transport>
void fan() {
  auto* all = shared<board>();
  Transport::fan(
      small,
      [=](auto& channel) {
        all->produce([&](const void* p, std::size_t n) { channel.send(p, n); });
        flush(channel);
        for (;;) pause();
      },
      [=](auto& channel, int who) {
        for (;;) all->consumed(who, channel.recv(small));
      },
      [=] { all->watch(); });
}

template <class Transport, class Function, class Body>
void with_farm(std::size_t chunk, Function function, Body body) {
  const std::size_t bytes = 8 * (1 + chunk);
  const auto worker = [=](auto& channel) {
    for (std::vector<u64> task(1 + chunk);;) {
      std::memcpy(task.data(), channel.recv(bytes), bytes);
      if (task[0] == last) break;
      for (std::size_t i = 1; i <= chunk; ++i) task[i] = function(task[i]);
      channel.send(task.data(), bytes);
    }
  };
  Transport::farm(bytes, worker, body);
}

template <class Transport>
void map(const std::string& metric, std::size_t chunk) {
  with_farm<Transport>(chunk, square, [&](auto& farm) { time_map(metric, farm, chunk); });
}

template <class Transport>
void heavy_map() {
  time_heavy_map([](auto time) {
    with_farm<Transport>(1, sum_of_squares, [&](auto& farm) {
      farm_map(farm, std::vector<u64>(4, 1), 1, 2);  // warm
      time([&](auto& in) { return farm_map(farm, in, 1, 2); });
    });
  });
}

template <class Transport>
void array() {
  time_array("array", [](auto start, auto stop) {
    const auto owner = [](auto& channel) {
      const auto all = make_array();
      for (;;) {
        message m;
        std::memcpy(&m, channel.recv(small), small);
        if (m.number != 0) break;
        channel.send(&m, small);
        flush(channel);
      }
      channel.send(all.data(), array_bytes);
      flush(channel);
      channel.recv(small);  // stays until it has arrived
      channel.send(all.data(), small);
      flush(channel);
    };
    const auto user = [&](auto& channel) {
      const auto tell = [&](u64 number) {
        const message m{number, {}};
        channel.send(&m, small);
        flush(channel);
      };
      tell(0);
      channel.recv(small);  // connected, and the array is made
      start();
      tell(1);
      stop(reinterpret_cast<const double*>(channel.recv(array_bytes)));
      tell(1);
      channel.recv(small);
    };
    Transport::pair(array_bytes, owner, user);
  });
}

/// The workload of that name; the status to end with. W5 has no transport.
template <class Transport>
int run(const std::string& workload) {
  return run({rtt<Transport>, stream<Transport>, fan<Transport>, nullptr, map<Transport>,
              heavy_map<Transport>, array<Transport>},
             workload);
}

/// A farm over one channel a worker: `ready(channels)` flushes, waits, and says which has a reply. The next task goes to
/// the worker that has fewer.
template <class Channel, class Ready>
struct farm_of_channels {
  Channel* channels;
  Ready ready;
  int out[2] = {0, 0};

  void put(const void* p, std::size_t n) {
    const int to = out[1] < out[0] ? 1 : 0;
    channels[to].send(p, n);
    ++out[to];
  }
  const char* get(std::size_t n) {
    const int from = ready(channels);
    --out[from];
    return channels[from].recv(n);
  }
};

}  // namespace bench
