// Arithmetic on text that strangers send. A plain class, and a careless one: some texts crash it, some keep it busy for ever.
#pragma once

#include <cstdint>
#include <string>

/// What stands for a codec, a parser, a plug-in: right for ordinary input, and not to be trusted with any other.
class evaluator {
 public:
  /// The value of "1 + 2 * (3 - 4)", "fib(30)", "-7 % 4". Throws `std::invalid_argument` for what is no such text.
  [[nodiscard]] std::int64_t evaluate(const std::string& text) const;
};
