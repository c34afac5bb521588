#include <troupe/manager.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdint>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

namespace {

using stock = troupe::dict<std::string, int>;

struct counts {
  long pages = 0;
  long failed = 0;
  std::string last;
};

// What the tests run in other processes.

void add_often(stock to, int times) {
  for (int i = 0; i < times; ++i) to.add("apples", 1);
}

void double_and_add(stock to, int times) {
  for (int i = 0; i < times; ++i)
    to.update(
        "apples", [](int& all, int more) { all += more; }, 1);
}

/// The mistake: a read, a wait for the other, a write.
void read_then_write(stock from, troupe::queue<int> arrived, troupe::queue<int> go) {
  const int read = from.get("apples");
  arrived.put(read);
  (void)go.get();
  from.set("apples", read + 1);
}

void append(troupe::list<int> to, int from, int count) {
  for (int i = 0; i < count; ++i) to.push_back(from + i);
}

void count_pages(troupe::record<counts> in, int times) {
  for (int i = 0; i < times; ++i) {
    in.add<&counts::pages>(1);
    in.update([](counts& all, std::string name) { all.failed = -all.pages, all.last = name; }, "page");
  }
}

struct shelf {
  troupe::manager by;
  troupe::dict<std::string, stock> stocks;
};
void fill(shelf with) {
  auto made = with.by.make_dict<std::string, int>({{"pears", 3}});
  with.stocks.set("fruit", made);
}

int sell(int& left, int wanted) {
  left -= wanted;
  if (left < 0) throw std::domain_error{"not so many left"};
  return left;
}

void crash(int&) { std::raise(SIGKILL); }

/// A key that cannot be printed.
struct place {
  int x = 0;
  int y = 0;
  friend bool operator<(const place& a, const place& b) { return std::pair{a.x, a.y} < std::pair{b.x, b.y}; }
};

}  // namespace

TEST_CASE("a dict has what processes put into it") {
  troupe::actor_system system;
  const troupe::manager shared{system};
  const auto fruit = shared.make_dict<std::string, int>({{"apples", 2}});
  REQUIRE(fruit.get("apples") == 2);
  REQUIRE(fruit.get_or("pears", 7) == 7);
  REQUIRE_FALSE(fruit.contains("pears"));
  REQUIRE_FALSE(fruit.find("pears"));
  REQUIRE(fruit.insert_if_absent("pears", 3));
  REQUIRE_FALSE(fruit.insert_if_absent("pears", 4));
  REQUIRE(fruit.find("pears") == 3);
  fruit.set("plums", 5);
  REQUIRE(fruit.keys() == std::vector<std::string>{"apples", "pears", "plums"});
  REQUIRE(fruit.items() == std::map<std::string, int>{{"apples", 2}, {"pears", 3}, {"plums", 5}});
  REQUIRE(fruit.take("plums") == 5);
  REQUIRE(fruit.erase("pears"));
  REQUIRE_FALSE(fruit.erase("pears"));
  REQUIRE(fruit.size() == 1);
  fruit.clear();
  REQUIRE(fruit.empty());
}

TEST_CASE("no addition is lost, whoever adds") {
  troupe::actor_system system;
  const troupe::manager shared{system};
  const auto fruit = shared.make_dict<std::string, int>({{"apples", 0}});
  std::vector<troupe::process> all;
  for (int i = 0; i < 2; ++i) {
    all.push_back(system.spawn<add_often>(fruit, 500));
    all.push_back(system.spawn<double_and_add>(fruit, 500));
  }
  std::thread here{[&] { add_often(fruit, 500); }};
  here.join();
  for (const auto& each : all) REQUIRE(each.join().ok());
  REQUIRE(fruit.get("apples") == 2500);
}

TEST_CASE("a read and a write are two operations: an update between them is lost") {
  troupe::actor_system system;
  const troupe::manager shared{system};
  const auto fruit = shared.make_dict<std::string, int>({{"apples", 0}});
  auto arrived = system.make_queue<int>();
  auto go = system.make_queue<int>();
  const auto a = system.spawn<read_then_write>(fruit, arrived, go);
  const auto b = system.spawn<read_then_write>(fruit, arrived, go);
  REQUIRE(arrived.get() == 0);
  REQUIRE(arrived.get() == 0);
  go.close();
  a.join();
  b.join();
  REQUIRE(fruit.get("apples") == 1);
}

TEST_CASE("a missing key is std::out_of_range at the caller, and names the key") {
  troupe::actor_system system;
  const troupe::manager shared{system};
  const auto fruit = shared.make_dict<std::string, int>();
  const auto numbers = shared.make_dict<int, int>();
  const auto places = shared.make_dict<place, int>();
  const auto nothing = [](int&) {};
  REQUIRE_THROWS_MATCHES(fruit.get("figs"), std::out_of_range,
                         Catch::Message("troupe::dict: there is no key 'figs' in it"));
  REQUIRE_THROWS_MATCHES(numbers.take(-5), std::out_of_range,
                         Catch::Message("troupe::dict: there is no key -5 in it"));
  REQUIRE_THROWS_MATCHES(places.update({1, 2}, nothing), std::out_of_range,
                         Catch::Message("troupe::dict: there is no key in it"));
  REQUIRE(fruit.empty());
  REQUIRE(places.empty());
}

TEST_CASE("an update that throws changes nothing, and its exception reaches the caller") {
  troupe::actor_system system;
  const troupe::manager shared{system};
  const auto fruit = shared.make_dict<std::string, int>({{"apples", 5}});
  REQUIRE(fruit.update<sell>("apples", 2) == 3);
  REQUIRE_THROWS_MATCHES(fruit.update<sell>("apples", 4), std::domain_error,
                         Catch::Message("not so many left"));
  REQUIRE(fruit.get("apples") == 3);
  REQUIRE_THROWS_AS(fruit.update_or<sell>("pears", 1, 2), std::domain_error);
  REQUIRE_FALSE(fruit.contains("pears"));
  REQUIRE(fruit.update_or<sell>("pears", 9, 2) == 7);
  REQUIRE(fruit.update_or<sell>("pears", 9, 2) == 5);

  const auto all = shared.make_list<int>({5});
  REQUIRE_THROWS_AS(all.update<sell>(0, 6), std::domain_error);
  REQUIRE(all.at(0) == 5);
  const auto one = shared.make_record(counts{1, 2, "three"});
  REQUIRE_THROWS_AS(one.update([](counts& value) {
    value = {};
    throw std::length_error{"no"};
  }),
                    std::length_error);
  REQUIRE(one.get<&counts::last>() == "three");
}

TEST_CASE("a sum that is no number of its type throws std::overflow_error, and changes nothing") {
  troupe::actor_system system;
  const troupe::manager shared{system};
  const auto most = std::numeric_limits<int>::max();
  const auto fruit = shared.make_dict<std::string, int>({{"apples", most}});
  REQUIRE_THROWS_AS(fruit.add("apples", 1), std::overflow_error);
  REQUIRE(fruit.get("apples") == most);
  REQUIRE(fruit.add("apples", -1) == most - 1);
  REQUIRE(fruit.add("new", 4) == 4);
  const auto bytes = shared.make_record<std::uint8_t>(250);
  REQUIRE_THROWS_AS(bytes.add(6), std::overflow_error);
  REQUIRE(bytes.add(5) == 255);
  const auto shares = shared.make_list<double>({0.5});
  REQUIRE(shares.add(0, 0.25) == 0.75);
}

TEST_CASE("a list has what processes put into it") {
  troupe::actor_system system;
  const troupe::manager shared{system};
  const auto all = shared.make_list<int>();
  const auto a = system.spawn<append>(all, 0, 100);
  const auto b = system.spawn<append>(all, 100, 100);
  REQUIRE(a.join().ok());
  REQUIRE(b.join().ok());
  REQUIRE(all.size() == 200);
  all.sort();
  for (std::size_t i = 0; i < 200; i += 33) REQUIRE(all.at(i) == static_cast<int>(i));
  REQUIRE(all.pop_back() == 199);
  REQUIRE(all.take_front() == 0);
  all.clear();
  REQUIRE_FALSE(all.take_front());
  all.extend({3, 1, 2});
  all.set(0, 7);
  all.erase(1);
  REQUIRE(all.snapshot() == std::vector<int>{7, 2});
  REQUIRE(all.update(
              1, [](int& value, int times) { return value *= times; }, 4) == 8);
}

TEST_CASE("a missing index is std::out_of_range at the caller, and names the index") {
  troupe::actor_system system;
  const troupe::manager shared{system};
  const auto all = shared.make_list<int>({1});
  REQUIRE_THROWS_MATCHES(all.at(1), std::out_of_range,
                         Catch::Message("troupe::list: there is no index 1: the list has 1 element"));
  REQUIRE_THROWS_AS(all.set(static_cast<std::size_t>(-1), 0), std::out_of_range);
  REQUIRE_THROWS_AS(all.update(5, [](int&) {}), std::out_of_range);
  REQUIRE_THROWS_AS(all.erase(1), std::out_of_range);
  REQUIRE(all.pop_back() == 1);
  REQUIRE_THROWS_AS(all.pop_back(), std::out_of_range);
}

TEST_CASE("a record is changed field by field, and as a whole") {
  troupe::actor_system system;
  const troupe::manager shared{system};
  const auto in = shared.make_record(counts{});
  const auto a = system.spawn<count_pages>(in, 300);
  const auto b = system.spawn<count_pages>(in, 300);
  while (!a.join_for(std::chrono::milliseconds{1})) {
    const auto seen = in.get();
    REQUIRE(seen.pages + seen.failed >= 0);
    REQUIRE(seen.pages + seen.failed <= 2);
  }
  REQUIRE(b.join().ok());
  REQUIRE(in.get<&counts::pages>() == 600);
  REQUIRE(in.get<&counts::failed>() == -600);
  in.set<&counts::failed>(3);
  REQUIRE(in.exchange({1, 1, "whole"}).failed == 3);
  REQUIRE(in.get().last == "whole");
}

TEST_CASE("an actor makes objects in a manager that it was handed, and hands them on") {
  troupe::actor_system system;
  const troupe::manager shared{system};
  const shelf with{shared, shared.make_dict<std::string, stock>()};
  REQUIRE(system.spawn<fill>(with).join().ok());
  const auto fruit = with.stocks.get("fruit");
  REQUIRE(fruit.add("pears", 1) == 4);
  REQUIRE(fruit == with.stocks.get("fruit"));
  REQUIRE_FALSE(fruit == shared.make_dict<std::string, int>());
}

TEST_CASE("an update that kills the manager is told to everybody who asks, and another manager goes on") {
  troupe::actor_system system;
  const troupe::manager shared{system, "doomed"};
  const troupe::manager other{system};
  const auto fruit = shared.make_dict<std::string, int>({{"apples", 1}});
  const auto kept = other.make_list<int>({1, 2});
  try {
    fruit.update<crash>("apples");
    FAIL("the manager has died");
  } catch (const troupe::actor_down& down) {
    REQUIRE(down.actor() == "doomed");
    REQUIRE(down.fate() == troupe::call_fate::died_running);
    REQUIRE(down.status().code == SIGKILL);
  }
  REQUIRE_THROWS_AS(fruit.get("apples"), troupe::actor_down);
  REQUIRE_THROWS_AS((shared.make_dict<int, int>()), troupe::actor_down);
  REQUIRE(kept.size() == 2);
}

TEST_CASE("a manager that is killed leaves nobody waiting") {
  troupe::actor_system system;
  const troupe::manager shared{system};
  const auto fruit = shared.make_dict<std::string, int>();
  auto ended = system.make_queue<std::string>();
  const auto busy = system.spawn(
      [](stock in, troupe::queue<std::string> say) {
        try {
          for (;;) in.add("apples", 1), say.try_put("adding") ? void() : void();
        } catch (const troupe::actor_down& down) {
          say.put(to_string(down.status()));
        }
      },
      fruit, ended);
  REQUIRE(ended.get() == "adding");
  shared.handle().kill();
  REQUIRE(shared.handle().join().code == SIGKILL);
  for (auto said = ended.get(); said != "killed by SIGKILL"; said = ended.get()) REQUIRE(said == "adding");
  REQUIRE(busy.join().ok());
}

TEST_CASE("a handle that names nothing says so") {
  const troupe::dict<int, int> nothing;
  REQUIRE_THROWS_AS(nothing.size(), std::logic_error);
  REQUIRE_THROWS_AS(nothing.handle(), std::logic_error);
  REQUIRE_THROWS_AS(troupe::list<int>{}.snapshot(), std::logic_error);
  REQUIRE_THROWS_AS(troupe::record<int>{}.get(), std::logic_error);
  REQUIRE_THROWS_AS(troupe::manager{}.make_list<int>(), std::logic_error);
}
