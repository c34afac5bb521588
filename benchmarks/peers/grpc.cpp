// gRPC over unix:. The child serves with the synchronous API, the parent calls; streams are client-side streaming, the pool
// is callback calls to two servers. Defaults but for the limits of a message's size.
#include "peer.grpc.pb.h"
#include "workloads.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <grpcpp/grpcpp.h>
#include <memory>
#include <mutex>

using namespace bench;
using grpc::ServerContext, grpc::Status;

namespace {

using stub = peer::Peer::Stub;

void succeed(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "grpc: %s\n", status.error_message().c_str());
  _exit(3);
}

struct service : peer::Peer::Service {
  std::function<void(const char*, std::size_t)> on_push{};
  std::vector<double> made{};

  Status Echo(ServerContext*, const peer::Bytes* in, peer::Bytes* out) override {
    out->set_data(in->data());
    return Status::OK;
  }
  Status Push(ServerContext*, grpc::ServerReader<peer::Bytes>* in, peer::Ask*) override {
    for (peer::Bytes bytes; in->Read(&bytes);) on_push(bytes.data().data(), bytes.data().size());
    return Status::OK;
  }
  Status Map(ServerContext*, const peer::Items* in, peer::Items* out) override {
    out->mutable_items()->Reserve(in->items_size());
    const auto work = in->heavy() ? sum_of_squares : square;
    for (int i = 0; i < in->items_size(); ++i) out->add_items(i == 0 ? in->items(i) : work(in->items(i)));
    return Status::OK;
  }
  Status Array(ServerContext*, const peer::Ask* in, peer::Doubles* out) override {
    if (made.empty()) made = make_array();
    if (in->full()) out->mutable_items()->Add(made.begin(), made.end());
    return Status::OK;
  }
};

std::unique_ptr<grpc::Server> start_at(const std::string& url, service* with) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(url, grpc::InsecureServerCredentials()).RegisterService(with);
  builder.SetMaxReceiveMessageSize(-1).SetMaxSendMessageSize(-1);
  auto server = builder.BuildAndStart();
  check(server != nullptr, "server");
  return server;
}

/// Serves until it is killed.
struct child_process : socket_address {
  pid_t pid;
  explicit child_process(const std::function<void(const char*, std::size_t)>& on_push = {})
      : socket_address{"grpc", "unix:"} {
    pid = fork_run([&] {
      service with;
      with.on_push = on_push;
      start_at(url, &with)->Wait();
    });
    while (access(path.c_str(), F_OK) != 0) usleep(500);
    usleep(10'000);
  }
  ~child_process() { end(pid); }
};

std::unique_ptr<stub> connect(const std::string& url) {
  grpc::ChannelArguments options;
  options.SetMaxReceiveMessageSize(-1);
  options.SetMaxSendMessageSize(-1);
  options.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return peer::Peer::NewStub(grpc::CreateCustomChannel(url, grpc::InsecureChannelCredentials(), options));
}

/// gRPC cannot be used across a fork: what forks later calls from a child.
template <class Body>
void apart(Body body) {
  reap(fork_run(body));
}

void echo(stub& to, const message& m) {
  grpc::ClientContext context;
  peer::Bytes in, out;
  in.set_data(&m, small);
  succeed(to.Echo(&context, in, &out));
  check(std::memcmp(out.data().data(), &m, small) == 0, "the reply is that to the request");
}

class outgoing {
 public:
  explicit outgoing(stub& to) : writer_{to.Push(&context_, &done_)} {}
  void push(const void* p, std::size_t n) {
    bytes_.set_data(p, n);
    check(writer_->Write(bytes_), "write");
  }
  void finish() {
    writer_->WritesDone();
    succeed(writer_->Finish());
  }

 private:
  grpc::ClientContext context_;
  peer::Ask done_;
  peer::Bytes bytes_;
  std::unique_ptr<grpc::ClientWriter<peer::Bytes>> writer_;
};

void round_trip() {
  const child_process child;
  const auto to = connect(child.url);
  round_trips trips;
  trips.measure([&](u64 i) { echo(*to, {i, {}}); });
  trips.print();
}

void stream(const std::string& workload, std::size_t size) {
  const child_process child{[=, come = receipts{}](const char* p, std::size_t n) mutable {
    if (come.take(p, n)) come.print(workload, size);
  }};
  const auto to = connect(child.url);
  outgoing out{*to};
  produce(size, [&](const void* p, std::size_t n) { out.push(p, n); });
  out.finish();
}

void fan() {
  auto* all = shared<board>();
  const auto consumer = [=](int who) { return [=](const char* p, std::size_t) { all->consumed(who, p); }; };
  const child_process first{consumer(0)}, second{consumer(1)};
  const pid_t pid = fork_run([&] {
    const std::unique_ptr<stub> to[2] = {connect(first.url), connect(second.url)};
    outgoing out[2] = {outgoing{*to[0]}, outgoing{*to[1]}};
    u64 turn = 0;
    all->produce([&](const void* p, std::size_t n) { out[turn++ % 2].push(p, n); });
    for (auto& one : out) one.finish();
    for (;;) pause();
  });
  all->watch();
  end(pid);
}

class farm {
 public:
  farm(const std::string& first, const std::string& second, bool heavy)
      : to_{connect(first), connect(second)}, heavy_{heavy} {}

  void put(const void* p, std::size_t n) {
    auto* made = new call;
    const auto* numbers = static_cast<const u64*>(p);
    made->in.mutable_items()->Add(numbers, numbers + n / 8);
    made->in.set_heavy(heavy_);
    {
      const std::lock_guard lock{mutex_};
      made->to = out_[1] < out_[0] ? 1 : 0;
      ++out_[made->to];
    }
    to_[made->to]->async()->Map(&made->context, &made->in, &made->out, [this, made](const Status& status) {
      succeed(status);
      const std::lock_guard lock{mutex_};
      --out_[made->to];
      back_.emplace_back(made);
      arrived_.notify_one();
    });
  }
  const char* get(std::size_t) {
    std::unique_lock lock{mutex_};
    arrived_.wait(lock, [&] { return !back_.empty(); });
    latest_ = std::move(back_.front());
    back_.pop_front();
    return reinterpret_cast<const char*>(latest_->out.items().data());
  }

 private:
  struct call {
    grpc::ClientContext context;
    peer::Items in, out;
    int to = 0;
  };
  std::unique_ptr<stub> to_[2];
  bool heavy_;
  int out_[2] = {};
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::unique_ptr<call>> back_;
  std::unique_ptr<call> latest_;
};

template <class Body>
void with_pool(bool heavy, Body body) {
  const child_process first, second;
  apart([&] {
    farm both{first.url, second.url, heavy};
    body(both);
  });
}

void map(const std::string& metric, std::size_t chunk) {
  with_pool(false, [&](farm& both) { time_map(metric, both, chunk); });
}

void heavy_map() {
  time_heavy_map([](auto time) {
    with_pool(true, [&](farm& both) { time([&](auto& in) { return farm_map(both, in, 1, 2); }); });
  });
}

void array() {
  time_array("array", [](auto start, auto stop) {
    const child_process child;
    apart([&] {
      const auto to = connect(child.url);
      peer::Doubles out;
      const auto ask = [&](bool full) {
        grpc::ClientContext context;
        peer::Ask in;
        in.set_full(full);
        succeed(to->Array(&context, in, &out));
      };
      ask(false);  // the array is made
      start();
      ask(true);
      stop(out.items().data());
    });
  });
}

/// Here the worker calls the parent: a client that starts before its server waits for a second.
void spawn_and_stop() {
  const socket_address at{"grpc", "unix:"};
  service with;
  const auto server = start_at(at.url, &with);
  time_starts("spawn", [&] { reap(spawn_self("worker", at.url)); });
  server->Shutdown();
}

}  // namespace

int main(int count, char** arguments) {
  const std::string workload = count > 1 ? arguments[1] : "";
  if (workload == "worker") {
    echo(*connect(arguments[2]), {});
    return 0;
  }
  return run({round_trip, stream, fan, spawn_and_stop, map, heavy_map, array}, workload);
}
