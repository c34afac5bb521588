// The items of a range, a chunk at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

/// The range as a view: the range itself where it is given for good, a reference to it elsewhere, also where it is a view
/// that cannot be copied.
template <std::ranges::range Items>
constexpr auto view_of(Items&& items) {
  if constexpr (std::ranges::viewable_range<Items>) {
    return std::views::all(std::forward<Items>(items));
  } else {
    return std::ranges::ref_view{items};
  }
}
template <class Items>
concept can_be_taken = std::ranges::viewable_range<Items> || std::is_lvalue_reference_v<Items>;

/// Some items that go to a worker together.
template <class Item>
struct pool_chunk {
  std::size_t number = 0;  ///< of the chunk, from 0
  std::size_t first = 0;   ///< item's index
  std::vector<Item> items;
};

/// Pulls items when they are wanted, and none before: the range is not advanced past the last one that was taken. What the
/// range throws is its end. Threads: the caller's.
template <class Item, std::ranges::input_range View>
class pool_feed {
 public:
  /// `chunk_size` 0: chosen from the size of the range, for so many workers, each of which takes so many items at most (0:
  /// any number).
  pool_feed(View view, std::size_t chunk_size, std::size_t workers, std::size_t most_a_worker)
      : view_{std::move(view)},
        chunk_size_{chunk_size},
        most_at_once_{std::clamp<std::size_t>(most_bytes / sizeof(Item), 1, 4096)} {
    if (most_a_worker != 0) most_at_once_ = std::min(most_at_once_, most_a_worker);
    if constexpr (std::ranges::sized_range<View>) total_ = static_cast<std::size_t>(std::ranges::size(view_));
    if (chunk_size_ != 0) return;
    chunk_size_ = total_ ? default_chunk(*total_, workers) : 1;
    if (most_a_worker != 0) chunk_size_ = std::min(chunk_size_, most_a_worker);
    if (total_) most_at_once_ = chunk_size_;
  }

  /// The most items of a chunk whose size is chosen as one goes.
  [[nodiscard]] std::size_t most_at_once() const { return most_at_once_; }

  [[nodiscard]] std::size_t chunk_size() const { return chunk_size_; }
  void set_chunk_size(std::size_t size) { chunk_size_ = size; }

  /// How many items there are; nullopt where only the end will tell.
  [[nodiscard]] std::optional<std::size_t> total() const { return total_; }

  /// The next items; nullopt where there are none.
  std::optional<pool_chunk<Item>> next() {
    std::optional<pool_chunk<Item>> chunk{std::in_place};
    chunk->number = chunks_;
    chunk->first = pulled_;
    try {
      fill(chunk->items);
    } catch (...) {
      ended_ = true;
      problem_ = std::current_exception();
    }
    if (chunk->items.empty()) {
      chunk.reset();
      return chunk;
    }
    pulled_ += chunk->items.size();
    ++chunks_;
    return chunk;
  }

  [[nodiscard]] bool ended() const { return ended_; }
  void end() { ended_ = true; }
  [[nodiscard]] std::size_t pulled() const { return pulled_; }
  /// What the range has thrown, if it has.
  [[nodiscard]] const std::exception_ptr& problem() const { return problem_; }

 private:
  static constexpr std::size_t most_bytes = 48 * 1024;  // a chunk that stays in a core's cache
  static constexpr std::size_t chunks_per_worker = 4;   // so that uneven ones even out

  static std::size_t default_chunk(std::size_t total, std::size_t workers) {
    const auto parts = chunks_per_worker * workers;
    return std::clamp<std::size_t>((total + parts - 1) / parts, 1,
                                   std::max<std::size_t>(most_bytes / sizeof(Item), 1));
  }

  void fill(std::vector<Item>& items) {
    if constexpr (can_be_copied) {
      const auto count = std::min<std::size_t>(chunk_size_, *total_ - pulled_);
      const auto* const from = std::ranges::data(view_) + pulled_;
      items.assign(from, from + count);
      ended_ = pulled_ + count == *total_;
    } else {
      if (total_) items.reserve(std::min<std::size_t>(chunk_size_, *total_ - std::min(*total_, pulled_)));
      while (items.size() < chunk_size_ && advance()) items.emplace_back(**at_);
    }
  }

  /// To the next item; false at the end.
  bool advance() {
    if (ended_) return false;
    if (!at_) {
      at_.emplace(std::ranges::begin(view_));
    } else {
      ++*at_;
    }
    ended_ = *at_ == std::ranges::end(view_);
    return !ended_;
  }

  static constexpr bool can_be_copied =
      std::ranges::contiguous_range<View> && std::ranges::sized_range<View> &&
      std::is_same_v<std::ranges::range_value_t<View>, Item> && std::is_trivially_copyable_v<Item>;

  View view_;
  std::size_t chunk_size_;
  std::size_t most_at_once_;
  std::optional<std::ranges::iterator_t<View>> at_;
  std::optional<std::size_t> total_;
  std::size_t pulled_ = 0;
  std::size_t chunks_ = 0;
  bool ended_ = false;
  std::exception_ptr problem_;
};

}  // namespace troupe::detail
