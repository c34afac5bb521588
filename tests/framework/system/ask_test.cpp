// Questions and their answers.
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct own_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct no_standard_exception {};

template <class Exception>
[[noreturn]] void throw_it() {
  throw Exception{"the text"};
}

class oracle {
 public:
  int next() { return ++asked_; }
  int asked() const { return asked_; }
  void nothing() { ++asked_; }
  std::string echo(std::string text) { return text; }
  std::vector<char> blob(std::size_t size) const { return std::vector<char>(size, 'b'); }
  std::size_t size_of(const std::vector<char>& blob) const { return blob.size(); }
  const std::string& reference() const { return text_; }

  void fail(int which) {
    switch (which) {
      case 0: throw_it<std::runtime_error>();
      case 1: throw_it<std::logic_error>();
      case 2: throw_it<std::invalid_argument>();
      case 3: throw_it<std::out_of_range>();
      case 4: throw_it<std::length_error>();
      case 5: throw_it<std::domain_error>();
      case 6: throw_it<std::range_error>();
      case 7: throw_it<std::overflow_error>();
      case 8: throw_it<std::underflow_error>();
      case 9: throw std::bad_alloc{};
      case 10: throw own_error{"mine"};
      case 11: throw no_standard_exception{};
      case 12: throw std::runtime_error{std::string(10'000'000, 'w')};
      case 13: throw own_error{std::string{"\xff\xfe not text \0 at all", 20}};
      default: throw 5;  // NOLINT(hicpp-exception-baseclass)
    }
  }
  void fail_nested(int depth) try {
    if (depth == 0) throw no_standard_exception{};
    fail_nested(depth - 1);
  } catch (...) {
    std::throw_with_nested(own_error{"level " + std::to_string(depth)});
  }

  troupe::promise<std::string> later() {
    promises_.emplace_back();
    return promises_.back();
  }
  troupe::promise<std::string> at_once() {
    troupe::promise<std::string> made;
    made.set_value(std::string{"at once"});
    made.set_value(std::string{"twice"});
    return made;
  }
  troupe::promise<std::string> never() { return {}; }
  void keep(std::string with) {
    for (const auto& one : promises_) one.set_value(with);
    promises_.clear();
  }
  void break_promises() { promises_.clear(); }
  void fail_promises() {
    for (const auto& one : promises_) one.set_exception(std::make_exception_ptr(std::out_of_range{"later"}));
  }
  void wait_for_byte(int descriptor) {
    char byte = 0;
    if (::read(descriptor, &byte, 1) != 1) throw std::runtime_error{"no byte"};
  }

 private:
  int asked_ = 0;
  std::string text_ = "by reference";
  std::vector<troupe::promise<std::string>> promises_;
};

template <class Exception>
void check_throws(const troupe::actor<oracle>& of, int which) {
  auto answer = of.ask<&oracle::fail>(which);
  try {
    answer.get();
    FAIL("no exception");
  } catch (const std::exception& caught) {
    CHECK(typeid(caught) == typeid(Exception));
    if (which != 9) CHECK(std::string{caught.what()} == "the text");
  }
}

}  // namespace

TEST_CASE("an answer is a value, nothing, or a copy of what was referred to") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>();
  CHECK(one.ask<&oracle::next>().get() == 1);
  one.ask<&oracle::nothing>().get();
  CHECK(one.ask<&oracle::asked>().get() == 2);
  CHECK(one.ask<&oracle::reference>().get() == "by reference");
  CHECK(one.ask<&oracle::echo>("text").get() == "text");
}

TEST_CASE("a standard exception reaches the asker as itself, and the actor lives on") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>();
  check_throws<std::runtime_error>(one, 0);
  check_throws<std::logic_error>(one, 1);
  check_throws<std::invalid_argument>(one, 2);
  check_throws<std::out_of_range>(one, 3);
  check_throws<std::length_error>(one, 4);
  check_throws<std::domain_error>(one, 5);
  check_throws<std::range_error>(one, 6);
  check_throws<std::overflow_error>(one, 7);
  check_throws<std::underflow_error>(one, 8);
  check_throws<std::bad_alloc>(one, 9);
  CHECK(one.ask<&oracle::next>().get() == 1);
}

TEST_CASE("any other exception reaches the asker by its type's name and its text") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>({.name = "delphi"});
  const auto caught = [&](int which) -> std::optional<troupe::remote_exception> {
    try {
      one.ask<&oracle::fail>(which).get();
    } catch (const troupe::remote_exception& e) {
      return e;
    }
    return std::nullopt;
  };
  const auto own = caught(10);
  REQUIRE(own);
  CHECK(own->actor() == "delphi");
  CHECK(own->type().find("own_error") != std::string::npos);
  CHECK(own->text() == "mine");
  const auto bare = caught(11);
  REQUIRE(bare);
  CHECK(bare->type().find("no_standard_exception") != std::string::npos);
  CHECK(bare->text().empty());
  CHECK(caught(13)->text().starts_with("\xff\xfe"));
  REQUIRE(caught(14));
  CHECK(caught(14)->type() == "int");
  CHECK(one.ask<&oracle::next>().get() == 1);
}

TEST_CASE("an exception's text of ten megabytes is cut, and a nest of fifty tells its outermost") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>();
  try {
    one.ask<&oracle::fail>(12).get();
    FAIL("no exception");
  } catch (const std::runtime_error& long_one) {
    CHECK(std::string{long_one.what()}.size() <= 64 * 1024);
    CHECK(std::string{long_one.what()}.starts_with("wwww"));
  }
  CHECK_THROWS_WITH(one.ask<&oracle::fail_nested>(50).get(), Catch::Contains("level 50"));
  CHECK(one.ask<&oracle::next>().get() == 1);
}

TEST_CASE("a promise is answered when it is kept, broken or failed") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>();
  CHECK(one.ask<&oracle::at_once>().get() == "at once");
  CHECK_THROWS_AS(one.ask<&oracle::never>().get(), troupe::broken_promise);

  auto first = one.ask<&oracle::later>();
  auto second = one.ask<&oracle::later>();
  one.ask<&oracle::nothing>().get();
  CHECK_FALSE(first.ready());
  one.tell<&oracle::keep>("kept");
  CHECK(first.get() == "kept");
  CHECK(second.get() == "kept");

  auto broken = one.ask<&oracle::later>();
  one.tell<&oracle::break_promises>();
  CHECK_THROWS_AS(broken.get(), troupe::broken_promise);
  auto failed = one.ask<&oracle::later>();
  one.tell<&oracle::fail_promises>();
  CHECK_THROWS_AS(failed.get(), std::out_of_range);
  one.tell<&oracle::break_promises>();
  CHECK(one.ask<&oracle::asked>().get() == 1);
}

TEST_CASE("a promise whose actor ends is the actor's end to the asker") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>();
  auto answer = one.ask<&oracle::later>();
  one.stop();
  CHECK_THROWS_AS(answer.get(), troupe::error);
}

TEST_CASE("a future can be asked again after a timeout, and taken once") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>();
  auto answer = one.ask<&oracle::later>();
  CHECK_THROWS_AS(answer.get(1ms), troupe::timeout);
  CHECK_THROWS_AS(answer.get(0s), troupe::timeout);
  CHECK_THROWS_AS(answer.get(-1h), troupe::timeout);
  CHECK_FALSE(answer.wait_for(0s));
  CHECK_FALSE(answer.wait_for(1ms));
  CHECK_FALSE(answer.ready());
  one.tell<&oracle::keep>("in the end");
  CHECK(answer.wait_for(std::chrono::nanoseconds::max()));
  CHECK(answer.ready());
  CHECK(answer.valid());
  CHECK(answer.get(0s) == "in the end");
  CHECK_FALSE(answer.valid());
  CHECK_THROWS_AS(answer.get(), std::logic_error);
  CHECK_THROWS_AS(answer.ready(), std::logic_error);
  CHECK_THROWS_AS(troupe::future<int>{}.get(), std::logic_error);
}

TEST_CASE("ten thousand questions are asked before the first answer is taken") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>();
  std::vector<troupe::future<int>> answers;
  for (int i = 0; i < 10'000; ++i) answers.push_back(one.ask<&oracle::next>());
  int expected = 0;
  bool in_order = true;
  for (auto& answer : answers) in_order = answer.get() == ++expected && in_order;
  CHECK(in_order);
}

TEST_CASE("answers larger together than the mailbox wait to be taken in any order") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>();
  std::vector<troupe::future<std::vector<char>>> answers;
  for (int i = 0; i < 40; ++i) answers.push_back(one.ask<&oracle::blob>(300'000U));
  for (auto answer = answers.rbegin(); answer != answers.rend(); ++answer)
    REQUIRE(answer->get().size() == 300'000);
}

TEST_CASE("futures that are dropped abandon the answer, not the call") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>();
  for (int i = 0; i < 1000; ++i) (void)one.ask<&oracle::next>();
  CHECK(one.ask<&oracle::asked>().get() == 1000);
}

TEST_CASE("large answers that nobody takes do not keep an actor from its end") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>();
  for (int i = 0; i < 20; ++i) (void)one.ask<&oracle::blob>(300'000U);
  one.stop();
  const auto status = one.join();
  CHECK(status.ok());
  CHECK(status.messages_handled == 20);
}

TEST_CASE("messages of any size arrive whole") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>();
  const std::size_t kib = 1024;
  for (const std::size_t size : {0 * kib, 0 * kib + 1, 64 * kib - 9, 64 * kib - 8, 64 * kib - 7, 64 * kib - 1,
                                 64 * kib, 64 * kib + 1, 1024 * kib, 5000 * kib + 3}) {
    std::string text(size, '.');
    for (std::size_t i = 0; i < size; i += 251) text[i] = static_cast<char>('a' + i % 26);
    CHECK((one.ask<&oracle::echo>(text).get() == text));
    CHECK(one.ask<&oracle::size_of>(std::vector<char>(size, 'x')).get() == size);
  }
}

TEST_CASE("a message of two hundred megabytes arrives, and so does its answer") {
  troupe::actor_system system;
  const auto one = system.spawn<oracle>();
  CHECK(one.ask<&oracle::size_of>(std::vector<char>(200'000'000, 'x')).get() == 200'000'000);
  CHECK(one.ask<&oracle::blob>(200'000'000U).get().size() == 200'000'000);
}
