// The results of imap.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

namespace troupe {

/// Results as they come: a range for one loop. `for (auto& each : pool.imap<f>(items))` reads one after another, and waits
/// where the next is not there.
///
/// Reading the result of an item that failed throws what it failed with (see `pool::imap`). Dropping it abandons what is
/// still at the workers: they finish it for nobody. Move-only; iterators stay valid when it is moved. Threads: one at a
/// time. Processes: the pool's.
template <class Stream>
class pool_results {
 public:
  using value_type = typename Stream::value_type;

  explicit pool_results(std::unique_ptr<Stream> of) : stream_{std::move(of)} {}

  class iterator {
   public:
    using value_type = typename Stream::value_type;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    explicit iterator(Stream* from) : from_{from} { ++*this; }

    decltype(auto) operator*() const { return from_->current(); }
    iterator& operator++() {
      if (!from_->next()) from_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& at, std::default_sentinel_t) { return at.from_ == nullptr; }

   private:
    Stream* from_ = nullptr;  // null at the end
  };

  /// Goes to the next result, the first at first: for one loop.
  iterator begin() { return iterator{stream_.get()}; }
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

 private:
  std::unique_ptr<Stream> stream_;
};

}  // namespace troupe
