// What image_processing does to a picture, without processes.
#include "operations.hpp"

#include "codec.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <stdexcept>

using namespace image_processing;

namespace {

image filled(std::uint32_t width, std::uint32_t height, std::uint8_t value) {
  auto made = blank(width, height);
  for (auto& each : made.rgb) each = value;
  return made;
}

}  // namespace

TEST_CASE("a picture is the same after PNG, and much the same after JPEG") {
  const auto before = sample_image(3);
  const auto as_png = decode(encode_png(before));
  CHECK((as_png.width == before.width && as_png.height == before.height));
  CHECK(as_png.rgb == before.rgb);
  const auto as_jpeg = decode(encode_jpeg(before));
  REQUIRE((as_jpeg.width == before.width && as_jpeg.height == before.height));
  std::uint64_t difference = 0;
  for (std::size_t n = 0; n < before.rgb.size(); ++n)
    difference += static_cast<std::uint64_t>(std::abs(int{before.rgb[n]} - int{as_jpeg.rgb[n]}));
  CHECK(difference / before.rgb.size() < 8);
}

TEST_CASE("a file that is cut off anywhere is refused") {
  const auto picture = resized(sample_image(1), 40);
  for (const auto& whole : {encode_png(picture), encode_jpeg(picture)}) {
    for (std::size_t size = 0; size + 12 < whole.size(); size += 7) {
      const bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK_THROWS_AS(decode(cut), std::runtime_error);
    }
  }
}

TEST_CASE("a file that claims to be huge is refused before there is memory for it") {
  auto file = encode_jpeg(filled(8, 8, 0));
  for (std::size_t n = 0; n + 9 < file.size(); ++n) {
    if (file[n] != 0xFF || file[n + 1] != 0xC0) continue;
    for (std::size_t at = n + 5; at < n + 9; ++at) file[at] = 0xFE;  // its height and width
  }
  CHECK_THROWS_WITH(decode(file), Catch::Contains("pixels, which is too many"));
}

TEST_CASE("a resized picture fits, and keeps its mean") {
  const auto small = resized(filled(200, 50, 77), 20);
  CHECK((small.width == 20 && small.height == 5));
  CHECK(small.rgb == filled(20, 5, 77).rgb);
  const auto large = resized(filled(3, 9, 5), 90);
  CHECK((large.width == 30 && large.height == 90));
  CHECK(resized(filled(1000, 1, 1), 10).height == 1);
  CHECK_THROWS_AS(resized(blank(0, 0), 10), std::runtime_error);
}

TEST_CASE("filters leave a plain picture plain, and find an edge") {
  for (const auto& name : filters())
    CHECK(filtered(filled(9, 7, 50), name).rgb == filled(9, 7, name == "edges" ? 0 : 50).rgb);
  auto half = filled(8, 4, 0);
  for (std::uint32_t y = 0; y < 4; ++y) half.at(5, y)[0] = 200;
  const auto edges = filtered(half, "edges");
  CHECK(edges.at(5, 2)[0] == 255);
  CHECK(edges.at(1, 2)[0] == 0);
}

TEST_CASE("a contact sheet has a place for each picture") {
  const auto sheet = contact_sheet({filled(10, 10, 9), filled(10, 5, 8), filled(10, 10, 7)}, 10);
  CHECK((sheet.width == 32 && sheet.height == 32));
  CHECK(sheet.at(4, 4)[0] == 9);
  CHECK(sheet.at(18, 4)[0] == 0);  // above the flat one
  CHECK(sheet.at(18, 8)[0] == 8);
  CHECK(sheet.at(4, 18)[0] == 7);
  CHECK(contact_sheet({}, 10).rgb.size() == 3 * 4 * 4);
}
