#include "ordinal_set.hpp"

#include <algorithm>
#include <bit>

namespace troupe::detail {

namespace {

constexpr std::uint64_t all_ones = ~std::uint64_t{0};
constexpr std::size_t page_words = ordinal_set::page_bits / 64;

std::uint64_t bits_in(const ordinal_set::page& page) {
  if (page.empty()) return ordinal_set::page_bits;
  std::uint64_t sum = 0;
  for (const auto word : page) sum += static_cast<std::uint64_t>(std::popcount(word));
  return sum;
}

void drop_if_full(ordinal_set::page& page) {
  if (std::all_of(page.begin(), page.end(), [](auto word) { return word == all_ones; })) page = {};
}

}  // namespace

bool ordinal_set::add(std::uint64_t ordinal) {
  const auto [found, is_new] = pages.try_emplace(ordinal / page_bits, page_words);
  auto& bits = found->second;
  if (bits.empty()) return false;
  auto& word = bits.at(ordinal % page_bits / 64);
  const auto bit = std::uint64_t{1} << (ordinal % 64);
  if ((word & bit) != 0) return false;
  word |= bit;
  if (word == all_ones) drop_if_full(bits);
  return true;
}

bool ordinal_set::contains(std::uint64_t ordinal) const {
  const auto found = pages.find(ordinal / page_bits);
  if (found == pages.end()) return false;
  if (found->second.empty()) return true;
  return (found->second.at(ordinal % page_bits / 64) >> (ordinal % 64) & 1) != 0;
}

std::uint64_t ordinal_set::count() const {
  std::uint64_t sum = 0;
  for (const auto& [number, bits] : pages) sum += bits_in(bits);
  return sum;
}

std::uint64_t ordinal_set::merge(const ordinal_set& other) {
  std::uint64_t twice = 0;
  for (const auto& [number, theirs] : other.pages) {
    const auto [found, is_new] = pages.try_emplace(number, theirs);
    if (is_new) continue;
    auto& ours = found->second;
    if (ours.empty() || theirs.empty()) {
      twice += bits_in(ours.empty() ? theirs : ours);
      ours = {};
      continue;
    }
    for (std::size_t i = 0; i < page_words; ++i) {
      twice += static_cast<std::uint64_t>(std::popcount(ours.at(i) & theirs.at(i)));
      ours[i] |= theirs[i];
    }
    drop_if_full(ours);
  }
  return twice;
}

}  // namespace troupe::detail
