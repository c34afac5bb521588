// A picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace image_processing {

using bytes = std::vector<std::uint8_t>;

/// Rows from the top, each pixel three bytes: red, green, blue.
struct image {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bytes rgb{};

  [[nodiscard]] const std::uint8_t* at(std::uint32_t x, std::uint32_t y) const {
    return rgb.data() + 3 * (std::size_t{y} * width + x);
  }
  [[nodiscard]] std::uint8_t* at(std::uint32_t x, std::uint32_t y) {
    return rgb.data() + 3 * (std::size_t{y} * width + x);
  }
};

/// A black one.
inline image blank(std::uint32_t width, std::uint32_t height) {
  return {width, height, bytes(std::size_t{3} * width * height)};
}

}  // namespace image_processing
