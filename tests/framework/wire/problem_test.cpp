#include "wire/problem.hpp"

#include <troupe/errors.hpp>

#include <catch2/catch.hpp>
#include <new>
#include <stdexcept>

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

TEST_CASE("a text that is too long for a frame is cut") {
  CHECK(described(own{std::string(1 << 20, 'x')}).text.size() < 64 * 1024);
}
