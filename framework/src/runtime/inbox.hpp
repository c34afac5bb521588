// Messages that an actor has received while it could not begin them.
#pragma once

#include "channel/inbound.hpp"
#include "runtime/connection.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace troupe::runtime {

/// In the order in which they came. In one piece of memory that is used again and again.
class inbox {
 public:
  struct entry {
    entry(std::shared_ptr<connection> sender, channel::message&& came)
        : from{std::move(sender)}, message{std::move(came)} {}
    std::shared_ptr<connection> from;
    channel::message message;
  };

  void add(const std::shared_ptr<connection>& from, channel::message&& message) {
    if (first_ > usual_size && first_ > waiting_.size() / 2) {
      waiting_.erase(waiting_.begin(), begin());
      first_ = 0;
    }
    waiting_.emplace_back(from, std::move(message));
  }
  [[nodiscard]] entry take() {
    auto next = std::move(front());
    if (++first_ == waiting_.size()) clear();
    return next;
  }

  [[nodiscard]] entry& front() { return waiting_[first_]; }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] std::size_t size() const { return waiting_.size() - first_; }
  [[nodiscard]] std::vector<entry>::iterator begin() {
    return waiting_.begin() + static_cast<std::ptrdiff_t>(first_);
  }
  [[nodiscard]] std::vector<entry>::iterator end() { return waiting_.end(); }

 private:
  static constexpr std::size_t usual_size = 512;

  void clear() {
    first_ = 0;
    if (waiting_.capacity() <= usual_size) return waiting_.clear();
    std::vector<entry>{}.swap(waiting_);  // nothing else gives memory back
  }

  std::vector<entry> waiting_;
  std::size_t first_ = 0;  // of those that have not been taken
};

}  // namespace troupe::runtime
