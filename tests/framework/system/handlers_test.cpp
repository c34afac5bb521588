// Every form that a handler, or a function that is spawned, may have.
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "framework/system/like_names.hpp"
#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <variant>
#include <vector>

namespace {

struct reading {
  std::string of;
  std::variant<int, std::string> value;
  bool operator==(const reading&) const = default;
};

class base {
 public:
  virtual ~base() = default;
  virtual std::string who() const { return "base"; }
  int inherited(int x) { return 2 * x; }
};

class all_forms : public base {
 public:
  std::string who() const override { return "derived"; }

  std::string by_value(std::string text) { return text; }
  std::size_t by_const_reference(const std::string& text) const { return text.size(); }
  std::string by_rvalue(std::string&& text) { return std::move(text); }
  double converted(double number) noexcept { return number / 2; }
  int on_const_lvalue() const& { return 7; }
  int on_lvalue() & noexcept { return 8; }
  static int of_the_class() { return static_cast<int>(::getpid()); }
  std::string view(std::string_view text, int times) const {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  }
  long sum(char shift, std::span<const long> numbers) const {
    const bool aligned = reinterpret_cast<std::uintptr_t>(numbers.data()) % alignof(long) == 0;
    long all = aligned ? 0 : 1'000'000;
    for (const long n : numbers) all += n;
    return all + shift;
  }
  reading aggregate(const std::map<std::string, reading>& all) { return all.at("one"); }

  template <class T>
  static T added(all_forms& self, T more) {
    self.sum_ += static_cast<int>(more);
    return static_cast<T>(self.sum_);
  }

  int overloaded(int) { return 1; }
  int overloaded(const std::string&) const noexcept { return 2; }
  int overloaded(int, int) const& { return 3; }
  static int overloaded(char) { return 4; }

  all_forms& chained(int n) {
    chained_ += n;
    return *this;
  }
  int chain() const { return chained_; }

 private:
  int chained_ = 0;
  int sum_ = 0;
};

int doubled(base& self, int n) { return 2 * n + static_cast<int>(self.who().size()); }

class till {
 public:
  void add(int n) { total_ += n; }
  void note(std::string_view text) { notes_ += text; }
  void amounts(std::span<const int> all) {
    for (const int n : all) total_ += n;
  }
  int total() const { return total_; }
  std::string notes() const { return notes_; }

 private:
  int total_ = 0;
  std::string notes_;
};

/// Knows nothing of tills.
class payer {
 public:
  void pay(troupe::port<int> to, int amount) { to.tell(amount); }
  troupe::port<int> pass(troupe::port<int> one) { return one; }
  int flush() { return 0; }
};

void put_pid(troupe::queue<int> to) { to.put(static_cast<int>(::getpid())); }
[[maybe_unused]] int overloaded_function(int) { return 0; }
void overloaded_function(troupe::queue<int> to, int n) { to.put(n); }

}  // namespace

TEST_CASE(
    "parameters are taken by value, by const reference and by rvalue reference, converted by the sender") {
  troupe::actor_system system;
  const auto a = system.spawn<all_forms>();
  const std::string text = "text";
  CHECK(a.ask<&all_forms::by_value>(text).get() == "text");
  CHECK(a.ask<&all_forms::by_const_reference>("four").get() == 4);
  CHECK(a.ask<&all_forms::by_rvalue>(text).get() == "text");
  CHECK(text == "text");
  CHECK(a.ask<&all_forms::converted>(3).get() == 1.5);
  const reading one{"one", std::string{"value"}};
  CHECK(a.ask<&all_forms::aggregate>(std::map<std::string, reading>{{"one", one}, {"two", {}}}).get() == one);
}

TEST_CASE("views of text and numbers are parameters of plain handlers, wherever the numbers come to lie") {
  troupe::actor_system system;
  const auto a = system.spawn<all_forms>();
  CHECK(a.ask<&all_forms::view>("ab", 3).get() == "ababab");
  const std::vector<long> numbers{1, 2, 3};
  CHECK(a.ask<&all_forms::sum>('\1', numbers).get() == 7);  // behind a char: not aligned in the message
  CHECK(a.ask<&all_forms::sum>('\0', std::span<const long>{}).get() == 0);
}

TEST_CASE("inherited, virtual, noexcept, const, reference-qualified and static members are handlers") {
  troupe::actor_system system;
  const auto a = system.spawn<all_forms>();
  CHECK(a.ask<&all_forms::inherited>(4).get() == 8);
  CHECK(a.ask<&base::who>().get() == "derived");
  CHECK(a.ask<&all_forms::on_const_lvalue>().get() == 7);
  CHECK(a.ask<&all_forms::on_lvalue>().get() == 8);
  CHECK(a.ask<&all_forms::of_the_class>().get() == a.pid());
}

TEST_CASE("functions that take the actor first are handlers too") {
  troupe::actor_system system;
  const auto a = system.spawn<all_forms>();
  CHECK(a.ask<&all_forms::added<int>>(4).get() == 4);
  CHECK(a.ask<&all_forms::added<double>>(3).get() == 7.0);
  CHECK(a.ask<&doubled>(4).get() == 15);
  const troupe::port<int> port = a.port<&all_forms::added<int>>();
  port.tell(1);
  CHECK(a.ask<&all_forms::added<long>>(0).get() == 8);
}

TEST_CASE("one of several overloads is named by its parameters") {
  troupe::actor_system system;
  const auto a = system.spawn<all_forms>();
  CHECK(a.ask<troupe::overload<int>(&all_forms::overloaded)>(0).get() == 1);
  CHECK(a.ask<troupe::overload<const std::string&>(&all_forms::overloaded)>("x").get() == 2);
  CHECK(a.ask<troupe::overload<int, int>(&all_forms::overloaded)>(0, 0).get() == 3);
  CHECK(a.ask<troupe::overload<char>(&all_forms::overloaded)>('x').get() == 4);
  auto numbers = system.make_queue<int>();
  system.spawn<troupe::overload<troupe::queue<int>, int>(&overloaded_function)>(numbers, 5);
  CHECK(numbers.get() == 5);
}

TEST_CASE("a handler whose result cannot be sent can be told all the same") {
  troupe::actor_system system;
  const auto a = system.spawn<all_forms>();
  a.tell<&all_forms::chained>(1);
  a.tell<&all_forms::chained>(2);
  CHECK(a.ask<&all_forms::chain>().get() == 3);
}

TEST_CASE("functions and lambdas without captures run in processes of their own, however they are named") {
  troupe::actor_system system;
  auto pids = system.make_queue<int>();
  const auto by_name = system.spawn<put_pid>(pids);
  CHECK(pids.get() == by_name.pid());
  const auto in_brackets =
      system.spawn<[](troupe::queue<int> to, int n) { to.put(static_cast<int>(::getpid()) + n); }>(pids, 1);
  CHECK(pids.get() == in_brackets.pid() + 1);
  const auto in_place =
      system.spawn([](troupe::queue<int> to, int n) { to.put(static_cast<int>(::getpid()) + n); }, pids, 2);
  CHECK(pids.get() == in_place.pid() + 2);
  const auto named = system.spawn(
      {.name = "lambda"}, [](troupe::queue<int> to) { to.put(3); }, pids);
  CHECK(named.name() == "lambda");
  CHECK(pids.get() == 3);
}

namespace like_names {
namespace {
void work(troupe::queue<std::string> to) { to.put("function of the first file"); }
void run_lambda(troupe::actor_system& system, const troupe::queue<std::string>& to) {
  system.spawn([](troupe::queue<std::string> out) { out.put("lambda of the first file"); }, to).join();
  system.spawn<[](troupe::queue<std::string> out) { out.put("constant of the first file"); }>(to).join();
}
}  // namespace
}  // namespace like_names

TEST_CASE("functions and lambdas of like names in two files are told apart") {
  troupe::actor_system system;
  auto said = system.make_queue<std::string>();
  system.spawn<like_names::work>(said).join();
  CHECK(said.get() == "function of the first file");
  like_names::run_lambda(system, said);
  CHECK(said.get() == "lambda of the first file");
  CHECK(said.get() == "constant of the first file");
  like_names::run_those_of_the_second_file(system, said);
  CHECK(said.get() == "function of the second file");
  CHECK(said.get() == "lambda of the second file");
  CHECK(said.get() == "constant of the second file");
}

TEST_CASE("a port is a way to one handler, for those who know no more of the actor") {
  troupe::actor_system system;
  const auto t = system.spawn<till>();
  const troupe::port<int> money = t.port<&till::add>();
  money.tell(5);
  CHECK(money.try_tell(2.0));
  t.port<&till::note>().tell("noted");
  t.port<&till::amounts>().tell({10, 20});
  CHECK(t.ask<&till::total>().get() == 37);
  CHECK(t.ask<&till::notes>().get() == "noted");
  CHECK(money.name() == t.name());
}

TEST_CASE("a port travels, and is the same at the other end") {
  troupe::actor_system system;
  const auto t = system.spawn<till>();
  const auto p = system.spawn<payer>();
  const auto money = t.port<&till::add>();
  p.tell<&payer::pay>(money, 30);
  CHECK(p.ask<&payer::flush>().get() == 0);
  // What two have sent comes in any order.
  CHECK(support::wait_until([&] { return t.ask<&till::total>().get() == 30; }));
  CHECK(p.ask<&payer::pass>(money).get() == money);
  CHECK_FALSE(system.spawn<till>().port<&till::add>() == money);
}

TEST_CASE("a port of nothing, of a dead actor and of an ended system says so") {
  troupe::port<int> none;
  CHECK_THROWS_AS(none.tell(1), std::logic_error);
  troupe::port<int> late;
  {
    troupe::actor_system system;
    const auto t = system.spawn<till>();
    late = t.port<&till::add>();
    t.kill();
    t.join();
    CHECK_THROWS_AS(late.tell(1), troupe::actor_down);
  }
  CHECK_THROWS_AS(late.tell(1), troupe::system_stopped);
}
