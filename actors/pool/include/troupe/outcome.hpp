// A result, or why there is none.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

namespace troupe {

/// What became of one of several calls: its result, or the exception that it ended in. `pool::try_map` gives one for each
/// item.
///
///     if (each) use(*each); else std::rethrow_exception(each.error());
///
/// A value; stays in its process. Threads: as any value.
template <class T>
class outcome {
  using kept = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

 public:
  using value_type = T;

  outcome() = default;
  template <class... Value>
  explicit outcome(std::in_place_t, Value&&... value)
      : what_{std::in_place_index<0>, std::forward<Value>(value)...} {}
  explicit outcome(std::exception_ptr problem) : what_{std::in_place_index<1>, std::move(problem)} {}

  [[nodiscard]] bool has_value() const noexcept { return what_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// The result. Throws the error where there is none.
  const kept& value() const& { return checked(*this); }
  kept& value() & { return checked(*this); }
  kept&& value() && { return std::move(checked(*this)); }
  const kept& operator*() const& { return value(); }
  kept& operator*() & { return value(); }
  const kept* operator->() const { return &value(); }

  /// The result, or `other` where there is none.
  template <class Other>
  kept value_or(Other&& other) const {
    return has_value() ? std::get<0>(what_) : static_cast<kept>(std::forward<Other>(other));
  }

  /// The exception; null where there is a result.
  [[nodiscard]] std::exception_ptr error() const { return has_value() ? nullptr : std::get<1>(what_); }

 private:
  template <class Self>
  static auto& checked(Self& self) {
    if (!self.has_value()) std::rethrow_exception(std::get<1>(self.what_));
    return std::get<0>(self.what_);
  }

  std::variant<kept, std::exception_ptr> what_;
};

}  // namespace troupe
