// Exceptions that are hard to send, and values whose own functions go wrong on the way: the caller learns it each time.
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

namespace {

/// What a `mine` does in its serialize functions.
enum class fuse : std::uint8_t { none, throws, exits, crashes };

[[noreturn]] void go_off(fuse how) {
  if (how == fuse::throws) throw std::range_error{"serialize went wrong"};
  if (how == fuse::exits) std::exit(3);
  std::raise(SIGKILL);
  std::abort();
}

class mine {
 public:
  mine() = default;
  mine(fuse at_save, fuse at_load) : save_{at_save}, load_{at_load} {}
  template <class Archive>
  void save(Archive& archive) const {
    if (save_ != fuse::none) go_off(save_);
    archive(load_);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(load_);
    if (load_ != fuse::none) go_off(load_);
  }

 private:
  fuse save_ = fuse::none;
  fuse load_ = fuse::none;
};

struct uncopyable_error : std::runtime_error {
  using std::runtime_error::runtime_error;
  uncopyable_error(const uncopyable_error& other) : std::runtime_error{other} {
    throw std::logic_error{"copied"};
  }
};
struct own_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class worker {
 public:
  void take(const mine&) {}
  mine give(fuse at_save, fuse at_load) { return {at_save, at_load}; }
  troupe::promise<mine> give_later(fuse at_save) {
    troupe::promise<mine> answer;
    answer.set_value(mine{at_save, fuse::none});
    return answer;
  }
  int alive() { return 1; }
  void tell_to(const troupe::actor<worker>& other) {
    other.tell<&worker::take>(mine{fuse::throws, fuse::none});
  }

  void throw_uncopyable() { throw uncopyable_error{"text of the original"}; }
  void throw_coded() { throw std::system_error{ENOENT, std::generic_category(), "no such thing"}; }
  void throw_of_file() {
    throw std::filesystem::filesystem_error{"cannot", "/from", "/to",
                                            std::make_error_code(std::errc::io_error)};
  }
  void throw_nested() try { std::optional<int>{}.value(); } catch (...) {
    std::throw_with_nested(own_error{"outer"});
  }
  void throw_text(const std::string& text) { throw own_error{text}; }
  void throw_long(std::size_t size) { throw own_error{std::string(size, 'x')}; }
  void throw_nested_to(int depth) try {
    if (depth == 0) throw uncopyable_error{"the first"};
    throw_nested_to(depth - 1);
  } catch (...) {
    if (depth == 0) throw;
    std::throw_with_nested(own_error{"level " + std::to_string(depth)});
  }
};

void end_with(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  throw own_error{all};
}

const std::string no_utf8{"\xff\xfe\x80 and \xc3\x28"};
constexpr std::size_t ten_megabytes = 10'000'000;

/// The exception that an ask of a worker ends in, where it is none of the standard ones.
troupe::remote_exception remote_of(troupe::future<void> answer) {
  try {
    answer.get();
  } catch (const troupe::remote_exception& caught) {
    return caught;
  }
  throw std::logic_error{"no exception"};
}

troupe::exit_status status_after(const troupe::actor<worker>& of, troupe::future<void> answer) {
  CHECK_THROWS_AS(answer.get(), troupe::actor_down);
  return of.join();
}

}  // namespace

TEST_CASE("a save that throws at the sender throws there, and nothing was sent") {
  troupe::actor_system system;
  const auto w = system.spawn<worker>();
  CHECK_THROWS_AS(w.tell<&worker::take>(mine{fuse::throws, fuse::none}), std::range_error);
  CHECK_THROWS_AS(w.ask<&worker::take>(mine{fuse::throws, fuse::none}), std::range_error);
  CHECK(w.ask<&worker::alive>().get() == 1);
  const auto sender = system.spawn<worker>();
  CHECK_THROWS_AS(sender.ask<&worker::tell_to>(w).get(), std::range_error);
  CHECK(w.ask<&worker::alive>().get() == 1);
}

TEST_CASE("a load that throws at the receiver refuses the message, and the actor lives on") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto w = system.spawn<worker>();
  w.tell<&worker::take>(mine{fuse::none, fuse::throws});
  CHECK_THROWS_WITH(w.ask<&worker::take>(mine{fuse::none, fuse::throws}).get(),
                    Catch::Contains("serialize went wrong"));
  CHECK_THROWS_AS(w.ask<&worker::take>(mine{fuse::none, fuse::throws}).get(), troupe::refused_message);
  CHECK(w.ask<&worker::alive>().get() == 1);
}

TEST_CASE("a load that exits or crashes at the receiver ends it, and the asker is told how") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto exits = system.spawn<worker>();
  const auto after_exit = status_after(exits, exits.ask<&worker::take>(mine{fuse::none, fuse::exits}));
  CHECK(after_exit.kind == troupe::exit_kind::code);
  CHECK(after_exit.code == 3);
  const auto crashes = system.spawn<worker>();
  const auto after_crash = status_after(crashes, crashes.ask<&worker::take>(mine{fuse::none, fuse::crashes}));
  CHECK(after_crash.kind == troupe::exit_kind::signal);
  CHECK(after_crash.code == SIGKILL);
}

TEST_CASE("a save that throws in a reply is the answer, and the actor lives on") {
  troupe::actor_system system;
  const auto w = system.spawn<worker>();
  CHECK_THROWS_AS((w.ask<&worker::give>(fuse::throws, fuse::none).get()), std::range_error);
  CHECK_THROWS_AS(w.ask<&worker::give_later>(fuse::throws).get(), std::range_error);
  CHECK(w.ask<&worker::alive>().get() == 1);
}

TEST_CASE("a save that exits or crashes in a reply ends the actor, and the asker is told") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto w = system.spawn<worker>();
  CHECK_THROWS_AS((w.ask<&worker::give>(fuse::exits, fuse::none).get()), troupe::actor_down);
  CHECK(w.join().code == 3);
  const auto other = system.spawn<worker>();
  CHECK_THROWS_AS((other.ask<&worker::give>(fuse::crashes, fuse::none).get()), troupe::actor_down);
  CHECK(other.join().kind == troupe::exit_kind::signal);
}

TEST_CASE("a load that throws in the asker throws there, and both go on") {
  troupe::actor_system system;
  const auto w = system.spawn<worker>();
  CHECK_THROWS_AS((w.ask<&worker::give>(fuse::none, fuse::throws).get()), std::range_error);
  CHECK(w.ask<&worker::alive>().get() == 1);
}

TEST_CASE("an exception that cannot be copied, a code and paths arrive") {
  troupe::actor_system system;
  const auto w = system.spawn<worker>();
  CHECK_THROWS_WITH(w.ask<&worker::throw_uncopyable>().get(), Catch::Contains("text of the original"));
  try {
    w.ask<&worker::throw_coded>().get();
    FAIL("no exception");
  } catch (const std::system_error& caught) {
    CHECK(caught.code() == std::errc::no_such_file_or_directory);
  }
  try {
    w.ask<&worker::throw_of_file>().get();
    FAIL("no exception");
  } catch (const std::filesystem::filesystem_error& caught) {
    CHECK(caught.path2() == "/to");
  }
  CHECK(w.ask<&worker::alive>().get() == 1);
}

TEST_CASE("what was nested in an exception is told") {
  troupe::actor_system system;
  const auto w = system.spawn<worker>();
  try {
    w.ask<&worker::throw_nested>().get();
    FAIL("no exception");
  } catch (const troupe::remote_exception& caught) {
    CHECK(caught.type().ends_with("own_error"));
    REQUIRE(caught.nested().size() == 1);
    CHECK(caught.nested()[0].type == "std::bad_optional_access");
  }
}

TEST_CASE("texts of any bytes and any length arrive, the long ones cut, and the actor lives on") {
  troupe::actor_system system;
  const auto w = system.spawn<worker>();
  const auto odd = remote_of(w.ask<&worker::throw_text>(no_utf8));
  CHECK(odd.type().ends_with("own_error"));
  CHECK((odd.text() == no_utf8));
  const auto large = remote_of(w.ask<&worker::throw_long>(ten_megabytes));
  CHECK(large.type().ends_with("own_error"));
  CHECK(large.text().starts_with(std::string(1000, 'x')));
  CHECK(large.text().ends_with("[cut here: 10000000 bytes]"));
  CHECK(w.ask<&worker::alive>().get() == 1);
}

TEST_CASE("exceptions nested fifty deep are told one by one, and the actor lives on") {
  troupe::actor_system system;
  const auto w = system.spawn<worker>();
  const auto caught = remote_of(w.ask<&worker::throw_nested_to>(50));
  CHECK(caught.text() == "level 50");
  REQUIRE(caught.nested().size() == 50);
  for (std::size_t depth = 1; depth < 50; ++depth) {
    CHECK(caught.nested()[49 - depth].type.ends_with("own_error"));
    CHECK(caught.nested()[49 - depth].text == "level " + std::to_string(depth));
  }
  CHECK(caught.nested()[49].type.ends_with("uncopyable_error"));
  CHECK(caught.nested()[49].text == "the first");
  CHECK(w.ask<&worker::alive>().get() == 1);
}

TEST_CASE("a function's end tells texts of any bytes and any length") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto odd = system.spawn<end_with>(no_utf8, std::size_t{1}).join();
  CHECK(odd.exception_type.ends_with("own_error"));
  CHECK((odd.exception_text == no_utf8));
  const auto large = system.spawn<end_with>("y", ten_megabytes).join();
  CHECK(large.exception_type.ends_with("own_error"));
  CHECK(large.exception_text.starts_with(std::string(1000, 'y')));
  CHECK(large.exception_text.ends_with("[cut here: 10000000 bytes]"));
}
