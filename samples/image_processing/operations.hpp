// What is done to pictures.
#pragma once

#include "image.hpp"

#include <string>
#include <vector>

namespace image_processing {

/// The names of the filters.
[[nodiscard]] const std::vector<std::string>& filters();
/// The picture filtered. `filter` is one of `filters()`.
[[nodiscard]] image filtered(const image& from, const std::string& filter);

/// The picture made to fit into a square of `edge` pixels: each pixel is the mean of those it stands for.
[[nodiscard]] image resized(const image& from, std::uint32_t edge);

/// The pictures side by side in squares of `edge` pixels, as nearly as many rows as columns.
[[nodiscard]] image contact_sheet(const std::vector<image>& pictures, std::uint32_t edge);

/// A picture to begin with: another for each number.
[[nodiscard]] image sample_image(std::uint32_t number);

}  // namespace image_processing
