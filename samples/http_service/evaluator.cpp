#include "evaluator.hpp"

#include <charconv>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

std::int64_t fib(std::int64_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }  // fib(90) takes centuries

// Descends once for each parenthesis, however many there are: a text of nothing else uses up the stack.
class reader {
 public:
  explicit reader(std::string_view text) : left_{text} {}

  std::int64_t whole() {
    const auto value = sum();
    if (next() != '\0') fail("something behind its end");
    return value;
  }

 private:
  char next() {
    while (left_.starts_with(' ')) left_.remove_prefix(1);
    return left_.empty() ? '\0' : left_.front();
  }
  bool take(char wanted) {
    if (next() != wanted) return false;
    left_.remove_prefix(1);
    return true;
  }
  [[noreturn]] static void fail(const std::string& what) {
    throw std::invalid_argument{"the text has " + what};
  }

  std::int64_t sum() {
    auto value = product();
    for (;;) {
      if (take('+')) {
        value += product();
      } else if (take('-')) {
        value -= product();
      } else {
        return value;
      }
    }
  }

  std::int64_t product() {
    auto value = factor();
    for (;;) {
      if (take('*')) {
        value *= factor();
      } else if (take('/')) {
        value /= factor();  // by zero: SIGFPE
      } else if (take('%')) {
        value %= factor();
      } else {
        return value;
      }
    }
  }

  std::int64_t factor() {
    if (take('-')) return -factor();
    if (take('(')) return closed(sum());
    if (left_.starts_with("fib(")) {
      left_.remove_prefix(4);
      return fib(closed(sum()));
    }
    if (left_.starts_with("zeros(")) {
      left_.remove_prefix(6);
      const std::vector<std::int64_t> zeros(
          static_cast<std::size_t>(closed(sum())));  // as many as the text wants
      return zeros.empty() ? 0 : zeros.back();
    }
    return number();
  }
  std::int64_t closed(std::int64_t value) {
    if (!take(')')) fail("a parenthesis that is not closed");
    return value;
  }

  std::int64_t number() {
    next();
    std::int64_t value = 0;
    const auto read = std::from_chars(left_.data(), left_.data() + left_.size(), value);
    if (read.ec != std::errc{}) fail("something else where a number should be");
    left_.remove_prefix(static_cast<std::size_t>(read.ptr - left_.data()));
    return value;
  }

  std::string_view left_;
};

}  // namespace

std::int64_t evaluator::evaluate(const std::string& text) const { return reader{text}.whole(); }
