#include "other_stack.hpp"

#include <utility>

namespace instructions {
namespace {

constexpr std::size_t stack_bytes = std::size_t{8}
                                    << 20;  // so far from the first that valgrind sees the change
other_stack* beginning = nullptr;

}  // namespace

other_stack::other_stack(std::function<void()> run)
    : run_{std::move(run)}, memory_{std::make_unique_for_overwrite<std::byte[]>(stack_bytes)} {
  getcontext(&here_);
  here_.uc_stack.ss_sp = memory_.get();
  here_.uc_stack.ss_size = stack_bytes;
  here_.uc_link = &maker_;
  makecontext(&here_, &other_stack::begin, 0);
}

void other_stack::begin() {
  auto& self = *beginning;
  self.run_();
  self.has_ended_ = true;
}

void other_stack::go_on() {
  if (has_ended_) return;
  beginning = this;
  swapcontext(&maker_, &here_);
}

void other_stack::pause() { swapcontext(&here_, &maker_); }

}  // namespace instructions
