// The least source.
#pragma once

#include <cstdint>
#include <optional>

namespace tests {

using number = std::uint64_t;

/// 0, 1, ... count - 1.
class numbers {
 public:
  explicit numbers(number count) : count_{count} {}
  std::optional<number> next(std::uint64_t position) const {
    return position < count_ ? std::optional{position} : std::nullopt;
  }

 private:
  number count_;
};

}  // namespace tests
