// Open MPI, blocking MPI_Send and MPI_Recv between ranks on this machine (through shared memory). Runs itself under mpirun.
// W4 is two producers and one consumer (MPI has no queue to share); W5 is MPI_Comm_spawn.
#include "transport.hpp"

#include <memory>
#include <mpi.h>

using namespace bench;

namespace {

int rank;

void send_to(int to, const void* p, std::size_t n, MPI_Comm where = MPI_COMM_WORLD) {
  MPI_Send(p, static_cast<int>(n), MPI_BYTE, to, 0, where);
}
int receive(void* p, std::size_t n, int from = MPI_ANY_SOURCE, MPI_Comm where = MPI_COMM_WORLD) {
  MPI_Status status;
  MPI_Recv(p, static_cast<int>(n), MPI_BYTE, from, 0, where, &status);
  return status.MPI_SOURCE;
}

struct channel {
  int other;
  std::unique_ptr<char[]> bytes{};
  std::size_t room = 0;

  void send(const void* p, std::size_t n) { send_to(other, p, n); }
  const char* recv(std::size_t n) {
    if (room < n) {
      bytes.reset(new char[n]);
      room = n;
    }
    receive(bytes.get(), n, other);
    return bytes.get();
  }
};

/// By MPI_Isend: above 4 KiB MPI_Send would wait for a worker that waits for us.
class both_workers {
 public:
  void put(const void* p, std::size_t n) {
    const int to = out_[2] < out_[1] ? 2 : 1;
    slot& free = slots_[next_++ % 256];
    MPI_Wait(&free.request, MPI_STATUS_IGNORE);
    const auto* bytes = static_cast<const char*>(p);
    free.bytes.assign(bytes, bytes + n);
    MPI_Isend(free.bytes.data(), static_cast<int>(n), MPI_BYTE, to, 0, MPI_COMM_WORLD, &free.request);
    ++out_[to];
  }
  const char* get(std::size_t n) {
    in_.resize(n);
    --out_[receive(in_.data(), n)];
    return in_.data();
  }

 private:
  struct slot {
    std::vector<char> bytes;
    MPI_Request request = MPI_REQUEST_NULL;
  };
  int out_[3] = {};
  unsigned next_ = 0;
  slot slots_[256];
  std::vector<char> in_;
};

/// Every rank runs the same workload; 0 is the parent.
struct transport {
  template <class Child, class Parent>
  static void pair(std::size_t, Child child, Parent parent) {
    channel mine{1 - rank};
    if (rank == 0)
      parent(mine);
    else
      child(mine);
  }
  template <class Worker, class Parent>
  static void farm(std::size_t most, Worker worker, Parent parent) {
    if (rank != 0) {
      channel mine{0};
      return worker(mine);
    }
    both_workers workers;
    parent(workers);
    const std::vector<u64> stop(most / 8, last);
    for (const int k : {1, 2}) send_to(k, stop.data(), most);
  }
  template <class... Sides>
  static void fan(std::size_t, Sides...) {}  // see two_to_one
};

void two_to_one() {
  message m;
  if (rank != 0) {
    const u64 start = now();
    for (u64 i = 0; i < much_fan.count / 2 && (i % 64 != 0 || now() - start < much_fan.limit); ++i) {
      m.number = i;
      send_to(0, &m, small);
    }
    m = {last, {start}};
    return send_to(0, &m, small);
  }
  u64 start = last, count = 0, next[3] = {};
  for (int ends = 0; ends < 2;) {
    const int from = receive(&m, small);
    if (m.number == last) {
      ++ends;
      start = std::min(start, m.rest[0]);
    } else {
      check(m.number == next[from]++, "messages are in order");
      ++count;
    }
  }
  report("W4", "rate_2to1", static_cast<double>(count) / (static_cast<double>(now() - start) / 1e9), "msg/s");
}

void worker() {
  MPI_Comm parent;
  MPI_Comm_get_parent(&parent);
  char c;
  receive(&c, 1, 0, parent);
  send_to(0, &c, 1, parent);
  MPI_Comm_disconnect(&parent);
}

void spawn_and_stop(const char* program) {
  const auto one = [=] {
    char what[] = "worker", *arguments[] = {what, nullptr}, c = 1;
    MPI_Comm child;
    MPI_Comm_spawn(program, arguments, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &child, MPI_ERRCODES_IGNORE);
    send_to(0, &c, 1, child);
    receive(&c, 1, 0, child);
    MPI_Comm_disconnect(&child);
  };
  time_starts("comm_spawn", one, quick ? 2 : 5);
}

void run_under_mpirun(const std::string& workload, char** arguments) {
  const bool has_two_workers = workload == "W4" || workload == "W6" || workload == "W7";
  const char* ranks = workload == "W5" ? "1" : has_two_workers ? "3" : "2";
  setenv("TMPDIR", "/tmp", 1);
  execlp("mpirun", "mpirun", "--allow-run-as-root", "--oversubscribe", "-n", ranks, arguments[0],
         arguments[1], nullptr);
  check(false, "mpirun");
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const std::string workload = arguments[1];
  if (std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr) run_under_mpirun(workload, arguments);
  MPI_Init(&count, &arguments);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  int status = 0;
  if (workload == "worker") {
    worker();
  } else if (workload == "W5") {
    spawn_and_stop(arguments[0]);
  } else if (workload == "W4") {
    two_to_one();
  } else if (workload == "W7" && rank != 0) {
    // No spinning yet, while the loop alone is timed.
    for (int sent = 0; sent == 0; usleep(1000)) {
      MPI_Iprobe(0, 0, MPI_COMM_WORLD, &sent, MPI_STATUS_IGNORE);
    }
    with_farm<transport>(1, sum_of_squares, [](auto&) {});
  } else {
    if (rank != 0) check(std::freopen("/dev/null", "w", stdout) != nullptr, "freopen");
    status = run<transport>(workload);
  }
  MPI_Finalize();
  return status;
}
