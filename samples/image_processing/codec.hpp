// Pictures as files have them, by libjpeg-turbo and libpng.
#pragma once

#include "image.hpp"

namespace image_processing {

/// Reads a JPEG or PNG file. Throws `std::runtime_error` with what is wrong with it, also where it could be read with damage.
[[nodiscard]] image decode(const bytes& file);

[[nodiscard]] bytes encode_jpeg(const image& from);
[[nodiscard]] bytes encode_png(const image& from);

}  // namespace image_processing
