// A function on a stack of its own, in the same thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <ucontext.h>

namespace instructions {

/// Takes turns with its maker: exactly one of the two runs. Never destroyed before its function has ended.
class other_stack {
 public:
  explicit other_stack(std::function<void()> run);
  other_stack(const other_stack&) = delete;
  other_stack& operator=(const other_stack&) = delete;

  /// For the maker: lets it run until it pauses or ends.
  void go_on();
  /// For the function: lets the maker run until it says `go_on`.
  void pause();
  [[nodiscard]] bool has_ended() const { return has_ended_; }

 private:
  static void begin();
  std::function<void()> run_;
  std::unique_ptr<std::byte[]> memory_;
  ucontext_t maker_{};
  ucontext_t here_{};
  bool has_ended_ = false;
};

}  // namespace instructions
