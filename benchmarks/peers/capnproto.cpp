// Cap'n Proto RPC (typed, two parties) over a socket pair: the child serves, the parent calls. Streams use a `-> stream`
// method, which has its own flow control; W4: streams to two servers; W6, W7: map() calls.
#include "peer.capnp.h"
#include "workloads.hpp"

#include <capnp/message.h>
#include <capnp/rpc-twoparty.h>
#include <deque>
#include <functional>
#include <kj/async-io.h>
#include <sys/socket.h>

using namespace bench;

namespace {

struct server final : Peer::Server {
  std::function<void(const char*, std::size_t)> on_push{};
  std::vector<double> made{};

  kj::Promise<void> echo(EchoContext call) override {
    call.getResults().setData(call.getParams().getData());
    return kj::READY_NOW;
  }
  kj::Promise<void> push(PushContext call) override {
    const auto bytes = call.getParams().getData();
    on_push(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
    return kj::READY_NOW;
  }
  kj::Promise<void> map(MapContext call) override {
    const auto in = call.getParams().getItems();
    auto out = call.getResults().initItems(in.size());
    const auto work = call.getParams().getHeavy() ? sum_of_squares : square;
    for (unsigned i = 0; i < in.size(); ++i) out.set(i, i == 0 ? in[i] : work(in[i]));
    return kj::READY_NOW;
  }
  kj::Promise<void> array(ArrayContext call) override {
    if (made.empty()) made = make_array();
    if (call.getParams().getFull()) call.getResults().setItems(kj::arrayPtr(made.data(), made.size()));
    return kj::READY_NOW;
  }
};

capnp::ReaderOptions no_limit() {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = u64{1} << 30;
  return options;
}

/// Until the other side hangs up.
void serve(int socket, kj::Own<server> with) {
  auto io = kj::setupAsyncIo();
  auto stream = io.lowLevelProvider->wrapSocketFd(socket);
  capnp::TwoPartyVatNetwork network(*stream, capnp::rpc::twoparty::Side::SERVER, no_limit());
  auto rpc = capnp::makeRpcServer(network, kj::mv(with));
  network.onDisconnect().wait(io.waitScope);
}

class client {
 public:
  client(kj::AsyncIoContext& io, int socket)
      : io_{io},
        stream_{io.lowLevelProvider->wrapSocketFd(socket)},
        network_{*stream_, capnp::rpc::twoparty::Side::CLIENT, no_limit()},
        rpc_{capnp::makeRpcClient(network_)},
        peer{bootstrap()} {}

  void echo(const message& m) {
    auto request = peer.echoRequest();
    request.setData(bytes(&m, small));
    const auto reply = request.send().wait(io_.waitScope);
    check(std::memcmp(reply.getData().begin(), &m, small) == 0, "the reply is that to the request");
  }
  /// Returns when the next one may go.
  void push(const void* p, std::size_t n) {
    auto request = peer.pushRequest();
    request.setData(bytes(p, n));
    request.send().wait(io_.waitScope);
  }

 private:
  static kj::ArrayPtr<const kj::byte> bytes(const void* p, std::size_t n) {
    return {static_cast<const kj::byte*>(p), n};
  }
  Peer::Client bootstrap() {
    auto whom = message_.initRoot<capnp::rpc::twoparty::VatId>();
    whom.setSide(capnp::rpc::twoparty::Side::SERVER);
    return rpc_.bootstrap(whom).castAs<Peer>();
  }

  kj::AsyncIoContext& io_;
  kj::Own<kj::AsyncIoStream> stream_;
  capnp::TwoPartyVatNetwork network_;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;
  capnp::MallocMessageBuilder message_;

 public:
  Peer::Client peer;
};

struct child_process {
  int socket;
  pid_t pid;
  template <class Make>
  explicit child_process(Make make) {
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    pid = fork_run([&] {
      close(ends[0]);
      serve(ends[1], make());
    });
    close(ends[1]);
    socket = ends[0];
  }
  ~child_process() {
    close(socket);
    end(pid);
  }
};

kj::Own<server> plain() { return kj::heap<server>(); }

template <class OnPush>
auto with_push(OnPush on_push) {
  return [=] {
    auto made = kj::heap<server>();
    made->on_push = on_push;
    return made;
  };
}

void round_trip() {
  child_process child{plain};
  auto io = kj::setupAsyncIo();
  client to{io, child.socket};
  round_trips trips;
  trips.measure([&](u64 i) { to.echo({i, {}}); });
  trips.print();
}

void stream(const std::string& workload, std::size_t size) {
  child_process child{with_push([=, come = receipts{}](const char* p, std::size_t n) mutable {
    if (come.take(p, n)) come.print(workload, size);
  })};
  auto io = kj::setupAsyncIo();
  client to{io, child.socket};
  produce(size, [&](const void* p, std::size_t n) { to.push(p, n); });
  to.echo({});  // behind all of the stream
}

void fan() {
  auto* all = shared<board>();
  const auto consumer = [=](int who) {
    return with_push([=](const char* p, std::size_t) { all->consumed(who, p); });
  };
  child_process first{consumer(0)}, second{consumer(1)};
  const pid_t pid = fork_run([&] {
    auto io = kj::setupAsyncIo();
    client to[2] = {{io, first.socket}, {io, second.socket}};
    u64 turn = 0;
    all->produce([&](const void* p, std::size_t n) { to[turn++ % 2].push(p, n); });
    for (auto& one : to) one.echo({});
    for (;;) pause();
  });
  all->watch();
  end(pid);
}

class farm : kj::TaskSet::ErrorHandler {
 public:
  farm(int first, int second, bool heavy) : to_{{io_, first}, {io_, second}}, heavy_{heavy} {}

  void put(const void* p, std::size_t n) {
    const int k = out_[1] < out_[0] ? 1 : 0;
    auto request = to_[k].peer.mapRequest();
    request.setItems(kj::arrayPtr(static_cast<const uint64_t*>(p), n / 8));
    request.setHeavy(heavy_);
    ++out_[k];
    calls_.add(request.send().then([this, k](auto&& reply) {
      --out_[k];
      const auto items = reply.getItems();
      std::vector<u64> task;
      for (const u64 number : items) task.push_back(number);
      back_.push_back(std::move(task));
      if (arrived_) arrived_->fulfill();
    }));
  }
  const char* get(std::size_t) {
    while (back_.empty()) {
      auto both = kj::newPromiseAndFulfiller<void>();
      arrived_ = kj::mv(both.fulfiller);
      both.promise.wait(io_.waitScope);
    }
    latest_ = std::move(back_.front());
    back_.pop_front();
    return reinterpret_cast<const char*>(latest_.data());
  }

 private:
  void taskFailed(kj::Exception&&) override { check(false, "call"); }

  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  client to_[2];
  bool heavy_;
  int out_[2] = {};
  std::deque<std::vector<u64>> back_;
  std::vector<u64> latest_;
  kj::Own<kj::PromiseFulfiller<void>> arrived_;
  kj::TaskSet calls_{*this};
};

template <class Body>
void with_pool(bool heavy, Body body) {
  child_process first{plain}, second{plain};
  farm both{first.socket, second.socket, heavy};
  body(both);
}

void map(const std::string& metric, std::size_t chunk) {
  with_pool(false, [&](farm& both) { time_map(metric, both, chunk); });
}

void array() {
  time_array("array", [](auto start, auto stop) {
    child_process child{plain};
    auto io = kj::setupAsyncIo();
    client to{io, child.socket};
    const auto ask = [&](bool full) {
      auto request = to.peer.arrayRequest();
      request.setFull(full);
      return request.send().wait(io.waitScope);
    };
    ask(false);  // the array is made
    start();
    const auto reply = ask(true);
    check(reply.getItems().size() == array_items, "size");
    // Its elements lie in the message as plain doubles.
    const auto list = capnp::AnyStruct::Reader(reply).getPointerSection()[0].getAs<capnp::AnyList>();
    stop(reinterpret_cast<const double*>(list.getRawBytes().begin()));
  });
}

void spawn_and_stop() {
  auto io = kj::setupAsyncIo();
  time_starts("spawn", [&] {
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    const int inherited = dup(ends[1]);  // stays open across exec
    const pid_t pid = spawn_self("worker", std::to_string(inherited));
    close(ends[1]);
    close(inherited);
    client{io, ends[0]}.echo({});
    close(ends[0]);
    reap(pid);
  });
}

void heavy_map() {
  time_heavy_map([](auto time) {
    with_pool(true, [&](farm& both) { time([&](auto& in) { return farm_map(both, in, 1, 2); }); });
  });
}

}  // namespace

int main(int count, char** arguments) {
  const std::string workload = count > 1 ? arguments[1] : "";
  if (workload == "worker") {
    serve(std::atoi(arguments[2]), plain());
    return 0;
  }
  return run({round_trip, stream, fan, spawn_and_stop, map, heavy_map, array}, workload);
}
