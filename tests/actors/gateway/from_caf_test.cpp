#include <troupe/caf.hpp>
#include <troupe/troupe.hpp>

#include "counter.hpp"

#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <string>
#include <tuple>

using namespace gateway_tests;
using troupe::caf::from_caf;
using troupe::caf::gateway;

namespace {

void count_to(troupe::port<int> to, int last) {
  for (int n = 1; n <= last; ++n) to.tell(n);
}
void say(troupe::port<std::string> words, troupe::port<int> numbers) {
  for (int n = 0; n < 100; ++n) {
    words.tell("word " + std::to_string(n));
    numbers.tell(n);
  }
}

using numbers = std::shared_ptr<std::promise<std::vector<int>>>;
::caf::behavior collector(::caf::event_based_actor*, std::size_t count, numbers all) {
  return {[count, all, seen = std::vector<int>{}](int n) mutable {
    seen.push_back(n);
    if (seen.size() == count) all->set_value(seen);
  }};
}

::caf::behavior fails_at_once(::caf::event_based_actor* self) {
  return {[self](int) { self->quit(::caf::make_error(::caf::sec::bad_function_call, "no more of this")); }};
}

}  // namespace

TEST_CASE("what a process tells a port of a CAF actor arrives there, in order") {
  caf_settings settings;
  ::caf::actor_system actors{settings};
  troupe::actor_system processes;
  const gateway systems{processes, actors};
  const auto all = std::make_shared<std::promise<std::vector<int>>>();
  const auto there = actors.spawn(collector, std::size_t{5000}, all);
  const auto sender = processes.spawn<count_to>(from_caf<int>(systems, there), 5000);
  auto came = all->get_future();
  REQUIRE(came.wait_for(patience) == std::future_status::ready);
  const auto seen = came.get();
  for (int n = 0; n < 5000; ++n) REQUIRE(seen[static_cast<std::size_t>(n)] == n + 1);
  REQUIRE(sender.join().ok());
}

TEST_CASE("ports of several types to one CAF actor keep their sender's order") {
  caf_settings settings;
  ::caf::actor_system actors{settings};
  troupe::actor_system processes;
  const gateway systems{processes, actors};
  ::caf::scoped_actor self{actors};
  const auto [words, counts] = from_caf<std::string, int>(systems, ::caf::actor{self});
  processes.spawn<say>(words, counts);
  for (int n = 0; n < 100; ++n) {
    std::string word;
    int number = -1;
    self->receive([&](const std::string& text) { word = text; }, ::caf::after(patience) >> [] {});
    self->receive([&](int next) { number = next; }, ::caf::after(patience) >> [] {});
    REQUIRE(word == "word " + std::to_string(n));
    REQUIRE(number == n);
  }
}

TEST_CASE("the end of a CAF actor is the end of its ports, with its reason") {
  caf_settings settings;
  ::caf::actor_system actors{settings};
  troupe::actor_system processes;
  const auto there = actors.spawn(fails_at_once);
  const auto port = from_caf<int>(gateway{processes, actors}, there);
  std::promise<troupe::exit_status> ended;
  port.on_down([&](const troupe::exit_status& status) { ended.set_value(status); });
  port.tell(1);
  auto end = ended.get_future();
  REQUIRE(end.wait_for(patience) == std::future_status::ready);
  const auto status = end.get();
  REQUIRE(status.kind == troupe::exit_kind::exception);
  REQUIRE(status.exception_text.find("no more of this") != std::string::npos);
  REQUIRE_THROWS_AS(port.tell(2), troupe::actor_down);
}

TEST_CASE("a port does not keep its CAF actor alive") {
  troupe::actor_system processes;
  troupe::port<int> port;
  {
    caf_settings settings;
    ::caf::actor_system actors{settings};
    const auto all = std::make_shared<std::promise<std::vector<int>>>();
    port = from_caf<int>(gateway{processes, actors}, actors.spawn(collector, std::size_t{1}, all));
  }
  std::promise<bool> ended;
  port.on_down([&](const troupe::exit_status& status) { ended.set_value(status.ok()); });
  REQUIRE(ended.get_future().get());
}
