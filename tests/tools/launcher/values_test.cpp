#include <troupe/launcher.hpp>

#include <catch2/catch.hpp>
#include <string>

namespace {

using namespace std::chrono_literals;
using troupe::launcher::limits;

template <class T>
T parsed(const std::string& text, const limits& allowed = {}) {
  return troupe::launcher::detail::option_value<T>::parse(text, allowed);
}

template <class T>
std::string complaint(const std::string& text, const limits& allowed = {}) {
  try {
    (void)parsed<T>(text, allowed);
  } catch (const std::invalid_argument& problem) {
    return problem.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("whole numbers are read in full, or refused") {
  CHECK(parsed<int>("-12") == -12);
  CHECK(parsed<unsigned>("4294967295") == 4294967295U);
  CHECK(parsed<std::int64_t>("-9223372036854775808") == INT64_MIN);
  CHECK(parsed<std::uint64_t>("18446744073709551615") == UINT64_MAX);
  for (const std::string text : {"", "-", "ten", "1.5", "1e3", "0x10", " 1", "1 ", "+1", "--1"}) {
    CHECK(complaint<int>(text) == "'" + text + "' is not a whole number");
  }
  CHECK(complaint<int>("2147483648") == "'2147483648' is larger than this option can be");
  CHECK(complaint<unsigned>("-1") == "'-1' is too small: the least is 0");
}

TEST_CASE("numbers keep to their limits") {
  const limits allowed{.least = 1, .most = 8};
  CHECK(parsed<int>("1", allowed) == 1);
  CHECK(parsed<int>("8", allowed) == 8);
  CHECK(complaint<int>("0", allowed) == "'0' is too small: the least is 1");
  CHECK(complaint<unsigned>("-5", allowed) == "'-5' is too small: the least is 1");
  CHECK(complaint<int>("9", allowed) == "'9' is too large: the most is 8");
  CHECK(complaint<double>("8.5", allowed) == "'8.5' is too large: the most is 8");
  CHECK(complaint<std::chrono::milliseconds>("1s", allowed) == "'1s' is too large: the most is 8ms");
}

TEST_CASE("doubles are read in full, or refused") {
  CHECK(parsed<double>("0.25") == 0.25);
  CHECK(parsed<double>("-1e3") == -1000);
  for (const std::string text : {"", "x", "1x", "nan", "inf", "1e999"}) {
    CHECK(complaint<double>(text) == "'" + text + "' is not a number");
  }
}

TEST_CASE("durations have a unit, or are milliseconds") {
  CHECK(parsed<std::chrono::milliseconds>("20") == 20ms);
  CHECK(parsed<std::chrono::milliseconds>("500ms") == 500ms);
  CHECK(parsed<std::chrono::milliseconds>("1.5s") == 1500ms);
  CHECK(parsed<std::chrono::milliseconds>("2min") == 2min);
  for (const std::string text : {"", "s", "3h", "1 s", "10msec"}) {
    CHECK(complaint<std::chrono::milliseconds>(text) ==
          "'" + text + "' is not a duration: write 500ms, 2s or 1.5min");
  }
  CHECK(complaint<std::chrono::milliseconds>("-1s") == "'-1s' is out of range for a duration");
}

TEST_CASE("a text may be one of few") {
  CHECK(parsed<std::string>("anything") == "anything");
  CHECK(parsed<std::string>("red", {.one_of = {"red", "green"}}) == "red");
  CHECK(complaint<std::string>("blue", {.one_of = {"red", "green"}}) == "'blue' is none of red, green");
  CHECK(complaint<std::filesystem::path>("") == "'' is no path: it is empty");
}
