#include "operations.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <stdexcept>

namespace image_processing {

namespace {

/// What the pixels around one count, row by row, and what the sum is divided by.
struct kernel {
  std::array<int, 9> weights{};
  int divisor = 1;
};

const std::map<std::string, kernel>& kernels() {
  static const std::map<std::string, kernel> all{
      {"blur", {{1, 2, 1, 2, 4, 2, 1, 2, 1}, 16}},
      {"edges", {{-1, -1, -1, -1, 8, -1, -1, -1, -1}, 1}},
      {"none", {{0, 0, 0, 0, 1, 0, 0, 0, 0}, 1}},
      {"sharpen", {{0, -1, 0, -1, 5, -1, 0, -1, 0}, 1}},
  };
  return all;
}

std::uint8_t as_byte(int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

/// The mean of a rectangle of pixels that is not empty.
std::array<std::uint8_t, 3> mean(const image& of, std::uint32_t left, std::uint32_t right, std::uint32_t top,
                                 std::uint32_t bottom) {
  std::array<std::uint64_t, 3> sums{};
  for (auto y = top; y < bottom; ++y) {
    for (auto x = left; x < right; ++x) {
      for (std::size_t c = 0; c < 3; ++c) sums.at(c) += of.at(x, y)[c];
    }
  }
  const auto count = std::uint64_t{right - left} * (bottom - top);
  return {static_cast<std::uint8_t>(sums[0] / count), static_cast<std::uint8_t>(sums[1] / count),
          static_cast<std::uint8_t>(sums[2] / count)};
}

/// The first of the `from` pixels that pixel `at` of `to` stands for.
std::uint32_t scaled(std::uint32_t at, std::uint32_t from, std::uint32_t to) {
  return static_cast<std::uint32_t>(std::uint64_t{at} * from / to);
}

}  // namespace

const std::vector<std::string>& filters() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all{"grey"};
    for (const auto& [name, weights] : kernels()) all.push_back(name);
    std::sort(all.begin(), all.end());
    return all;
  }();
  return names;
}

image filtered(const image& from, const std::string& filter) {
  auto made = blank(from.width, from.height);
  if (filter == "grey") {
    for (std::size_t i = 0; i < from.rgb.size(); i += 3) {
      const auto grey = (from.rgb[i] * 299 + from.rgb[i + 1] * 587 + from.rgb[i + 2] * 114) / 1000;
      std::fill_n(made.rgb.begin() + static_cast<std::ptrdiff_t>(i), 3, as_byte(grey));
    }
    return made;
  }
  const auto& [weights, divisor] = kernels().at(filter);
  const auto inside = [](std::uint32_t at, int step,
                         std::uint32_t size) {  // the border stands for what is behind it
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(std::int64_t{at} + step, 0, std::int64_t{size} - 1));
  };
  for (std::uint32_t y = 0; y < from.height; ++y) {
    for (std::uint32_t x = 0; x < from.width; ++x) {
      std::array<int, 3> sums{};
      for (int i = 0; i < 9; ++i) {
        const auto* pixel = from.at(inside(x, i % 3 - 1, from.width), inside(y, i / 3 - 1, from.height));
        for (std::size_t c = 0; c < 3; ++c) sums.at(c) += weights.at(static_cast<std::size_t>(i)) * pixel[c];
      }
      for (std::size_t c = 0; c < 3; ++c) made.at(x, y)[c] = as_byte(sums.at(c) / divisor);
    }
  }
  return made;
}

image resized(const image& from, std::uint32_t edge) {
  if (from.width == 0 || from.height == 0) throw std::runtime_error{"it has no pixels"};
  const auto longer = std::max(from.width, from.height);
  const auto width = std::max(1U, scaled(from.width, edge, longer));
  const auto height = std::max(1U, scaled(from.height, edge, longer));
  auto made = blank(width, height);
  for (std::uint32_t y = 0; y < height; ++y) {
    const auto top = scaled(y, from.height, height);
    const auto bottom = std::max(top + 1, scaled(y + 1, from.height, height));
    for (std::uint32_t x = 0; x < width; ++x) {
      const auto left = scaled(x, from.width, width);
      const auto right = std::max(left + 1, scaled(x + 1, from.width, width));
      const auto pixel = mean(from, left, right, top, bottom);
      std::copy(pixel.begin(), pixel.end(), made.at(x, y));
    }
  }
  return made;
}

image contact_sheet(const std::vector<image>& pictures, std::uint32_t edge) {
  constexpr std::uint32_t gap = 4;
  const auto count = static_cast<std::uint32_t>(pictures.size());
  const auto columns = static_cast<std::uint32_t>(std::ceil(std::sqrt(count)));
  const auto rows = columns == 0 ? 0 : (count + columns - 1) / columns;
  auto sheet = blank(columns * (edge + gap) + gap, rows * (edge + gap) + gap);
  for (std::uint32_t n = 0; n < count; ++n) {
    const auto& each = pictures[n];
    const auto left = gap + n % columns * (edge + gap) + (edge - each.width) / 2;
    const auto top = gap + n / columns * (edge + gap) + (edge - each.height) / 2;
    for (std::uint32_t y = 0; y < each.height; ++y)
      std::copy_n(each.at(0, y), std::size_t{3} * each.width, sheet.at(left, top + y));
  }
  return sheet;
}

image sample_image(std::uint32_t number) {
  auto made = number % 3 == 2 ? blank(360, 480) : blank(480, 360);
  const double x0 = made.width * (0.3 + 0.1 * (number % 5)), y0 = made.height * (0.3 + 0.1 * (number % 4));
  for (std::uint32_t y = 0; y < made.height; ++y) {
    for (std::uint32_t x = 0; x < made.width; ++x) {
      const double ring = std::sin(std::hypot(x - x0, y - y0) / (6.0 + number % 7));
      auto* pixel = made.at(x, y);
      pixel[0] = as_byte(static_cast<int>(128 + 127 * ring));
      pixel[1] = as_byte(static_cast<int>(255 * y / made.height));
      pixel[2] = as_byte(static_cast<int>((number * 53 + 255 * x / made.width) % 256));
    }
  }
  return made;
}

}  // namespace image_processing
