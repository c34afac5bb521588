#include "wire/problem.hpp"

#include <troupe/errors.hpp>

#include <any>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <variant>

namespace {

using namespace troupe::wire;

struct own : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct bare {};

template <class Exception>
problem described(const Exception& exception) {
  return describe(std::make_exception_ptr(exception));
}

}  // namespace

TEST_CASE("a standard exception is thrown again as itself") {
  CHECK_THROWS_AS(rethrow(described(std::out_of_range{"far"}), "a"), std::out_of_range);
  CHECK_THROWS_WITH(rethrow(described(std::overflow_error{"much"}), "a"), "much");
  CHECK_THROWS_AS(rethrow(described(std::bad_alloc{}), "a"), std::bad_alloc);
  CHECK_THROWS_AS(rethrow(described(troupe::malformed_message{"odd"}), "a"), troupe::malformed_message);
  CHECK_THROWS_AS(rethrow(described(troupe::broken_promise{"gone"}), "a"), troupe::broken_promise);
}

TEST_CASE("the standard's exceptions without a text of their own are thrown again as themselves") {
  CHECK_THROWS_AS(rethrow(described(std::bad_cast{}), "a"), std::bad_cast);
  CHECK_THROWS_AS(rethrow(described(std::bad_array_new_length{}), "a"), std::bad_array_new_length);
  CHECK_THROWS_AS(rethrow(described(std::bad_optional_access{}), "a"), std::bad_optional_access);
  CHECK_THROWS_AS(rethrow(described(std::bad_variant_access{}), "a"), std::bad_variant_access);
  CHECK_THROWS_AS(rethrow(described(std::bad_function_call{}), "a"), std::bad_function_call);
  CHECK_THROWS_AS(rethrow(described(std::bad_any_cast{}), "a"), std::bad_any_cast);
}

namespace {

template <class Exception>
Exception again(const Exception& exception) {
  try {
    rethrow(described(exception), "a");
  } catch (const Exception& caught) {
    CHECK(typeid(caught) == typeid(Exception));
    CHECK(std::string{caught.what()} == exception.what());
    return caught;
  }
}

}  // namespace

TEST_CASE("codes and paths arrive with the text as it was") {
  CHECK(again(std::system_error{5, std::system_category(), "reading"}).code() ==
        std::error_code{5, std::system_category()});
  CHECK(again(std::system_error{std::make_error_code(std::errc::timed_out)}).code() == std::errc::timed_out);
  const auto file = again(
      std::filesystem::filesystem_error{"copy", "/a", "/b", std::make_error_code(std::errc::is_a_directory)});
  CHECK(file.path1() == "/a");
  CHECK(file.path2() == "/b");
  CHECK(file.code() == std::errc::is_a_directory);
  CHECK(again(std::future_error{std::future_errc::no_state}).code() == std::future_errc::no_state);
  again(std::ios_base::failure{"stream"});
}

namespace {

struct foreign_category : std::error_category {
  const char* name() const noexcept override { return "foreign"; }
  std::string message(int) const override { return "foreign"; }
};

}  // namespace

TEST_CASE("a code of a category that the other process may not have is told in words") {
  static const foreign_category foreign;
  CHECK_THROWS_AS(rethrow(described(std::system_error{1, foreign, "odd"}), "a"), troupe::remote_exception);
}

namespace {

void throw_nested(int depth) {
  try {
    if (depth == 0) throw 5;  // NOLINT(hicpp-exception-baseclass)
    throw_nested(depth - 1);
  } catch (...) {
    std::throw_with_nested(own{"level " + std::to_string(depth)});
  }
}
problem nested_to(int depth) {
  try {
    throw_nested(depth);
  } catch (...) {
    return describe(std::current_exception());
  }
  return {};
}

}  // namespace

TEST_CASE("fifty nested exceptions are told one by one, and hundreds up to a bound") {
  const auto what = nested_to(50);
  CHECK(what.text == "level 50");
  CHECK(what.type.find("_Nested_exception") == std::string::npos);
  REQUIRE(what.causes.size() == 51);
  CHECK(what.causes[0].text == "level 49");
  CHECK(what.causes[49].text == "level 0");
  CHECK(what.causes[50].type == "int");
  CHECK(nested_to(500).causes.size() == 64);
}

TEST_CASE("what was nested in a standard exception is nested in it again") {
  try {
    try {
      throw std::out_of_range{"inner"};
    } catch (...) {
      std::throw_with_nested(std::runtime_error{"outer"});
    }
  } catch (...) {
    const auto what = describe(std::current_exception());
    try {
      rethrow(what, "a");
    } catch (const std::runtime_error& outer) {
      CHECK(std::string{outer.what()} == "outer");
      CHECK_THROWS_AS(std::rethrow_if_nested(outer), std::out_of_range);
    }
  }
}

namespace {

struct odd_text : std::exception {
  const char* what() const noexcept override { return nullptr; }
};

}  // namespace

TEST_CASE("a what() that goes wrong does not hide the exception") {
  CHECK(described(odd_text{}).text.find("null pointer") != std::string::npos);
}

TEST_CASE("any other exception is described by its type and text") {
  try {
    rethrow(described(own{"mine"}), "the actor");
  } catch (const troupe::remote_exception& caught) {
    CHECK(caught.type().find("own") != std::string::npos);
    CHECK(caught.text() == "mine");
    CHECK(caught.actor() == "the actor");
  }
  CHECK(described(bare{}).type.find("bare") != std::string::npos);
  CHECK(described(5).type == "int");
}

TEST_CASE("a text of any bytes arrives as it was") {
  const std::string bytes = "\xff\xfe\x80 not UTF-8";
  CHECK(described(own{bytes}).text == bytes);
}

TEST_CASE("a text that is too long for a frame is cut, and says so") {
  CHECK(described(own{std::string(10'000'000, 'x')}).text.ends_with("[cut here: 10000000 bytes]"));
  CHECK(described(own{std::string(1 << 20, 'x')}).text.size() < 64 * 1024);
}
