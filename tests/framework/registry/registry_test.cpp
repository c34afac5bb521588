#include "registry/registry.hpp"

#include <troupe/troupe.hpp>

#include "framework/registry/second_file.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <vector>

namespace shop {

class till {
 public:
  explicit till(int start = 0) : total_{start} {}
  void add(int n) { total_ += n; }
  int total() const { return total_; }
  std::uint64_t id_of_add() const {
    return static_cast<std::uint64_t>(troupe::detail::method_entry<till, &till::add>::registered.id());
  }

 private:
  int total_;
};

void open_shop(int) {}
template <class T>
void generic(std::map<int, T>) {}

}  // namespace shop

namespace {

using namespace troupe::detail;

struct twin {
  int value() { return 1; }
};
void twin_function() {}

template <auto Method>
const registrar& method_of_till() {
  return method_entry<shop::till, Method>::registered;
}

}  // namespace

TEST_CASE("an id is the same in the host and in an actor") {
  troupe::actor_system system;
  const auto till = system.spawn<shop::till>(1);
  CHECK(till.ask<&shop::till::id_of_add>().get() ==
        static_cast<std::uint64_t>(method_of_till<&shop::till::add>().id()));
}

TEST_CASE("what is registered is found by its id, and nothing else is") {
  const auto& add = method_of_till<&shop::till::add>();
  CHECK(troupe::registry::find(add.id()) == &add);
  CHECK(troupe::registry::find(entry_id::none) == nullptr);
  CHECK(troupe::registry::find(entry_id{12345}) == nullptr);
  CHECK(troupe::registry::find(entry_id{static_cast<std::uint64_t>(add.id()) + 1}) == nullptr);
}

TEST_CASE("every registrar has an id of its own") {
  std::set<entry_id> ids;
  std::size_t count = 0;
  for (const auto* entry = troupe::registry::newest(); entry != nullptr; entry = entry->next) {
    ids.insert(entry->id());
    ++count;
  }
  CHECK(count >= 5);
  CHECK(ids.size() == count);
}

TEST_CASE("things of one name in two files are two things") {
  CHECK(method_entry<twin, &twin::value>::registered.id() != other_method());
  CHECK(function_entry<&twin_function>::registered.id() != other_function());
}

TEST_CASE("names for people are what a user wrote") {
  CHECK(method_of_till<&shop::till::add>().display_name() == "shop::till::add");
  CHECK(method_of_till<&shop::till::total>().display_name() == "shop::till::total");
  CHECK(constructor_entry<shop::till, std::tuple<int>>::registered.display_name() == "shop::till");
  CHECK(function_entry<&shop::open_shop>::registered.display_name() == "shop::open_shop");
  CHECK(function_entry<&twin_function>::registered.display_name() == "twin_function");
  CHECK(constructor_entry<twin, std::tuple<>>::registered.display_name() == "twin");
  CHECK(function_entry<&shop::generic<int>>::registered.display_name().starts_with("shop::generic<int>"));
}

TEST_CASE("an actor refuses a method that is not its class's, and lives on") {
  troupe::actor_system system;
  const auto till = system.spawn<shop::till>(5);
  // A handle of another class to the same process: what a confused, or hostile, peer may send.
  troupe::actor<twin> wrong;
  static_cast<troupe::process&>(wrong) = till;
  CHECK_THROWS_AS(wrong.ask<&twin::value>().get(), troupe::malformed_message);
  wrong.tell<&twin::value>();
  CHECK(till.ask<&shop::till::total>().get() == 5);
}
