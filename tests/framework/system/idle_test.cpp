// Who has nothing to do takes no processor, and who waits for an answer takes it in himself: nobody else is woken for that.
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "framework/system/gate.hpp"
#include "support/processes.hpp"
#include "support/scheduled.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <poll.h>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr int asks = 1000;
constexpr std::uint64_t few = 50;  // switches: of a hop for each ask there would be as many as asks

class worker {
 public:
  int twice(int n) const { return 2 * n; }
};

class asker {
 public:
  int right_answers(const troupe::actor<worker>& of, int times) const {
    int right = 0;
    for (int n = 0; n < times; ++n) right += of.ask<&worker::twice>(n).get() == 2 * n ? 1 : 0;
    return right;
  }
  int wait_at(const troupe::actor<tests::gate>& gate, int ticket) const {
    return gate.ask<&tests::gate::enter>(ticket).get();
  }
};

int take_one(troupe::queue<int> from) { return from.get().value(); }

/// The one thread that this process has besides these.
pid_t thread_besides(const std::set<pid_t>& others) {
  auto all = support::threads_of(::getpid());
  std::erase_if(all, [&](pid_t each) { return others.contains(each); });
  REQUIRE(all.size() == 1);
  return *all.begin();
}

/// A system, and the thread that it has in this process.
struct watched_system {
  explicit watched_system(std::uint32_t standbys = 0) : system{{.standbys = standbys}} {}
  const std::set<pid_t> threads_before = support::threads_of(::getpid());
  troupe::actor_system system;
  const pid_t background = thread_besides(threads_before);

  [[nodiscard]] std::uint64_t background_switches() const {
    return support::work_of(::getpid(), background).switches;
  }
  [[nodiscard]] std::map<std::string, support::work> work_of_all() const {
    std::map<std::string, support::work> all{
        {"the host's background thread", support::work_of(::getpid(), background)}};
    for (const pid_t pid : support::descendants_of(::getpid())) {
      for (const pid_t thread : support::threads_of(pid))
        all[support::command_of(pid) + " " + std::to_string(thread)] = support::work_of(pid, thread);
    }
    return all;
  }
};

using names = std::vector<std::string>;

names differing(const std::map<std::string, support::work>& before,
                const std::map<std::string, support::work>& after) {
  names all;
  for (const auto& [name, work] : after) {
    const auto same = before.find(name);
    if (same == before.end() || same->second != work) all.push_back(name);
  }
  for (const auto& [name, work] : before) {
    if (!after.contains(name)) all.push_back(name);
  }
  return all;
}

/// Who has been at work in the second that `pass` lets pass. In a second one where there was somebody, and a third: a start, or
/// a wait that begins, may have set a timer that comes once. What looks again and again is there in each.
template <class Pass>
names at_work_all_the_time(const watched_system& in, const Pass& pass) {
  names all;
  for (int second = 0; second < 3; ++second) {
    const auto before = in.work_of_all();
    pass();
    all = differing(before, in.work_of_all());
    if (all.empty()) break;
  }
  return all;
}

void wait_until_there_is(const std::string& command) {
  CAPTURE(command);
  REQUIRE(support::wait_until([&] { return support::descendant_called(command, ::getpid()) != 0; }));
}

}  // namespace

TEST_CASE("a system that has nothing to do takes no processor time at all") {
  watched_system all{1};
  const auto one = all.system.spawn<worker>({.name = "worker"});
  auto queue = all.system.make_queue<int>({.name = "queue"});
  CHECK(one.ask<&worker::twice>(21).get() == 42);
  queue.put(1);
  CHECK(queue.get().value() == 1);
  for (const auto* who : {"troupe-guardian", "troupe-zygote", "troupe-standby", "worker", "queue"})
    wait_until_there_is(who);
  // Nothing is waited for: the second is what is measured.
  CHECK(at_work_all_the_time(all, [] { ::poll(nullptr, 0, 1000); }) == names{});
}

TEST_CASE("who waits for an answer or for an item is not woken before that comes, and nobody else is") {
  watched_system all;
  const auto gate = all.system.spawn<tests::gate>();
  auto queue = all.system.make_queue<int>();
  const auto blocked = all.system.spawn<asker>();
  const auto reader = all.system.spawn<take_one>(queue);
  auto answer = gate.ask<&tests::gate::enter>(1);
  auto its_answer = blocked.ask<&asker::wait_at>(gate, 2);
  REQUIRE(support::wait_until([&] { return gate.ask<&tests::gate::waiting>().get() == 2; }));
  CHECK(at_work_all_the_time(all, [&] { CHECK_FALSE(answer.wait_for(1s)); }) == names{});
  gate.tell<&tests::gate::open>(1);
  gate.tell<&tests::gate::open>(2);
  CHECK(answer.get() == 1);
  CHECK(its_answer.get() == 2);
  queue.put(1);
  CHECK(reader.join().ok());
}

TEST_CASE("a host's thread takes in the answers that it waits for itself, without the background thread") {
  watched_system all;
  const auto one = all.system.spawn<worker>();
  CHECK(one.ask<&worker::twice>(1).get() == 2);  // the connection is made now
  auto before = all.background_switches();
  int right = 0;
  for (int n = 0; n < asks; ++n) right += one.ask<&worker::twice>(n).get() == 2 * n ? 1 : 0;
  CHECK(right == asks);
  CHECK(all.background_switches() - before < few);

  // What hops look like: of these answers each comes by way of that thread.
  before = all.background_switches();
  for (int n = 0; n < asks; ++n) {
    const auto came = std::make_shared<std::promise<int>>();
    one.ask<&worker::twice>(n).then([came](troupe::future<int> ready) { came->set_value(ready.get()); });
    right -= came->get_future().get() == 2 * n ? 1 : 0;
  }
  CHECK(right == 0);
  CHECK(all.background_switches() - before > few);
}

TEST_CASE("an actor's question to another passes no other process and no other thread") {
  watched_system all;
  const auto of = all.system.spawn<worker>();
  const auto by = all.system.spawn<asker>();
  CHECK(by.ask<&asker::right_answers>(of, 1).get() == 1);  // the connections are made now
  CHECK(support::threads_of(by.pid()).size() == 1);
  CHECK(support::threads_of(of.pid()).size() == 1);
  const auto guardian = support::descendant_called("troupe-guardian", ::getpid());
  const auto zygote = support::descendant_called("troupe-zygote", guardian);
  REQUIRE(guardian != 0);
  REQUIRE(zygote != 0);
  const auto switches_of_others = [&] {
    return all.background_switches() + support::work_of(guardian, guardian).switches +
           support::work_of(zygote, zygote).switches;
  };
  auto before = switches_of_others();
  CHECK(by.ask<&asker::right_answers>(of, asks).get() == asks);
  CHECK(switches_of_others() - before < few);

  // What it would look like by way of the guardian.
  before = switches_of_others();
  for (int n = 0; n < asks; ++n) (void)all.system.actors();
  CHECK(switches_of_others() - before > few);
}
