// iceoryx 2: iceoryx {wait|spin} WORKLOAD. Publish and subscribe without a copy in shared memory, one topic each way, the
// producer blocks; the reader waits on a WaitSet, or polls. Starts its own RouDi daemon. W4 to W7 are left out: every
// subscriber gets every message, so there is no queue to share.
#include "transport.hpp"

#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>
#include <iceoryx_posh/popo/wait_set.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>

using namespace bench;
using namespace iox::popo;

namespace {

bool polls;

iox::capro::IdString_t id(const std::string& text) { return {iox::cxx::TruncateToCapacity, text.c_str()}; }

PublisherOptions publisher_options() {
  PublisherOptions options;
  options.subscriberTooSlowPolicy = ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
  return options;
}
SubscriberOptions subscriber_options() {
  SubscriberOptions options;
  options.queueCapacity = 256;
  options.queueFullPolicy = QueueFullPolicy::BLOCK_PRODUCER;
  return options;
}

class channel {
 public:
  channel(const std::string& to, const std::string& from)
      : out_({"Peer", id(to), "bytes"}, publisher_options()),
        in_({"Peer", id(from), "bytes"}, subscriber_options()) {
    if (!polls) check(!wait_.attachState(in_, SubscriberState::HAS_DATA).has_error(), "attach");
    while (!out_.hasSubscribers() || in_.getSubscriptionState() != iox::SubscribeState::SUBSCRIBED)
      usleep(1000);
  }
  ~channel() {
    if (held_ != nullptr) in_.release(held_);
  }
  void send(const void* p, std::size_t n) {
    for (;;) {
      auto chunk = out_.loan(static_cast<std::uint32_t>(n));
      if (chunk.has_error()) {
        sched_yield();  // every chunk is in use
        continue;
      }
      std::memcpy(chunk.value(), p, n);
      return out_.publish(chunk.value());
    }
  }
  const char* recv(std::size_t) {
    if (held_ != nullptr) in_.release(held_);
    for (;;) {
      auto chunk = in_.take();
      if (!chunk.has_error()) {
        held_ = chunk.value();
        return static_cast<const char*>(held_);
      }
      if (polls)
        __builtin_ia32_pause();
      else
        wait_.wait();
    }
  }

 private:
  UntypedPublisher out_;
  UntypedSubscriber in_;
  WaitSet<> wait_;
  const void* held_ = nullptr;
};

struct transport {
  template <class Child, class Parent>
  static void pair(std::size_t, Child child, Parent parent) {
    static int round = 0;
    const std::string name = "peer-" + std::to_string(getpid()) + "-" + std::to_string(round++);
    const auto side = [&](const char* mine, const char* other, auto body) {
      return fork_run([&] {
        iox::runtime::PoshRuntime::initRuntime({iox::cxx::TruncateToCapacity, (name + mine).c_str()});
        {
          channel both_ways{name + other, name + mine};
          body(both_ways);
          usleep(20'000);  // the last chunk may still be in use
        }
        std::exit(0);  // not _exit: the runtime gives its chunks back
      });
    };
    const pid_t first = side("a", "b", child), second = side("b", "a", parent);
    reap(second);
    reap(first);
    for (const auto* file : {"a", "a.lock", "b", "b.lock"}) unlink(("/tmp/" + name + file).c_str());
  }
  template <class... Sides>
  static void farm(std::size_t, Sides...) {}
  template <class... Sides>
  static void fan(std::size_t, Sides...) {}
};

pid_t start_roudi() {
  return fork_run([] {
    check(std::freopen("/dev/null", "w", stdout) != nullptr && dup2(1, 2) == 2, "log");
    const char* folder = std::getenv("PEER_SOURCES");
    const std::string settings = std::string{folder != nullptr ? folder : "."} + "/roudi.toml";
    execlp("iox-roudi", "iox-roudi", "-c", settings.c_str(), "-m", "off", nullptr);
    check(false, "iox-roudi");
  });
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const std::string workload = arguments[2];
  polls = std::string{arguments[1]} == "spin";
  for (const auto* without : {"W4", "W5", "W6", "W7"}) {
    if (workload == without) return 2;
  }
  const pid_t roudi = start_roudi();
  usleep(700'000);
  const int status = run<transport>(workload);
  kill(roudi, SIGTERM);
  waitpid(roudi, nullptr, 0);
  return status;
}
