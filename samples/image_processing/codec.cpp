#include "codec.hpp"

// jpeglib.h needs FILE, and does not ask for it.
#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <jpeglib.h>
#include <memory>
#include <png.h>
#include <stdexcept>
#include <string>

namespace image_processing {

namespace {

constexpr std::uint64_t most_pixels =
    100'000'000;  // a file of a few bytes may claim to be as large as it likes
constexpr int quality = 90;

void check_size(std::uint64_t width, std::uint64_t height) {
  if (width * height <= most_pixels) return;
  throw std::runtime_error{"it has " + std::to_string(width) + " x " + std::to_string(height) +
                           " pixels, which is too many"};
}

/// libjpeg's errors. Its own way is to exit; this one goes back to where `back` was set, with the message.
struct jpeg_errors {
  jpeg_error_mgr base{};  // the first: libjpeg knows nothing of the rest
  std::jmp_buf back{};
  std::array<char, JMSG_LENGTH_MAX> text{};

  static jpeg_errors& of(j_common_ptr info) { return *reinterpret_cast<jpeg_errors*>(info->err); }
  static void keep(j_common_ptr info) { info->err->format_message(info, of(info).text.data()); }
  [[noreturn]] static void leave(j_common_ptr info) {
    keep(info);
    std::longjmp(of(info).back, 1);
  }
  /// Of a warning, which means that the file is damaged, only the first is kept.
  static void warn(j_common_ptr info, int level) {
    if (level < 0 && info->err->num_warnings++ == 0) keep(info);
  }
  jpeg_error_mgr* set_up() {
    jpeg_std_error(&base);
    base.error_exit = leave;
    base.emit_message = warn;
    return &base;
  }
};

/// Reads with what is set up in `info`; false where libjpeg gave up. Nothing that has a destructor lives between the jump and
/// where it goes to: it would not be called.
bool read_header(jpeg_decompress_struct& info, jpeg_errors& errors, const bytes& file) {
  if (setjmp(errors.back) != 0) return false;  // NOLINT: the library's own way
  jpeg_mem_src(&info, file.data(), file.size());
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  return true;
}

bool read_pixels(jpeg_decompress_struct& info, jpeg_errors& errors, image& to) {
  if (setjmp(errors.back) != 0) return false;  // NOLINT
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = to.at(0, info.output_scanline);
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

image decode_jpeg(const bytes& file) {
  jpeg_errors errors;
  jpeg_decompress_struct info{};
  info.err = errors.set_up();
  jpeg_create_decompress(&info);
  const std::unique_ptr<jpeg_decompress_struct, void (*)(j_decompress_ptr)> freed{&info,
                                                                                  jpeg_destroy_decompress};
  if (!read_header(info, errors, file)) throw std::runtime_error{errors.text.data()};
  check_size(info.image_width, info.image_height);
  auto made = blank(info.image_width, info.image_height);
  if (!read_pixels(info, errors, made) || errors.base.num_warnings > 0)
    throw std::runtime_error{errors.text.data()};
  return made;
}

bool write_pixels(jpeg_compress_struct& info, jpeg_errors& errors, const image& from, unsigned char** to,
                  unsigned long* size) {
  if (setjmp(errors.back) != 0) return false;  // NOLINT
  jpeg_mem_dest(&info, to, size);
  info.image_width = from.width;
  info.image_height = from.height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(from.at(0, info.next_scanline));  // libjpeg does not write to it
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  return true;
}

/// libpng's simple interface: it frees what it has made at the end of reading or writing, and in an error.
class png {
 public:
  png() {
    info_.version = PNG_IMAGE_VERSION;
    info_.format = PNG_FORMAT_RGB;
  }
  ~png() { png_image_free(&info_); }
  png(const png&) = delete;
  png& operator=(const png&) = delete;

  png_image* get() { return &info_; }
  /// Warnings are damage too.
  void check(int went_well) const {
    if (went_well == 0 || info_.warning_or_error != 0) throw std::runtime_error{info_.message};
  }

 private:
  png_image info_{};
};

image decode_png(const bytes& file) {
  png reader;
  reader.check(png_image_begin_read_from_memory(reader.get(), file.data(), file.size()));
  reader.get()->format = PNG_FORMAT_RGB;
  check_size(reader.get()->width, reader.get()->height);
  auto made = blank(reader.get()->width, reader.get()->height);
  const png_color black{};  // what shows through where it is transparent
  reader.check(png_image_finish_read(reader.get(), &black, made.rgb.data(), 0, nullptr));
  return made;
}

bool begins_with(const bytes& file, std::initializer_list<std::uint8_t> mark) {
  return file.size() >= mark.size() && std::equal(mark.begin(), mark.end(), file.begin());
}

}  // namespace

image decode(const bytes& file) {
  if (begins_with(file, {0xFF, 0xD8, 0xFF})) return decode_jpeg(file);
  if (begins_with(file, {0x89, 'P', 'N', 'G'})) return decode_png(file);
  throw std::runtime_error{"it is neither a JPEG nor a PNG file"};
}

bytes encode_jpeg(const image& from) {
  jpeg_errors errors;
  jpeg_compress_struct info{};
  info.err = errors.set_up();
  jpeg_create_compress(&info);
  const std::unique_ptr<jpeg_compress_struct, void (*)(j_compress_ptr)> freed{&info, jpeg_destroy_compress};
  unsigned char* made = nullptr;
  unsigned long size = 0;
  const bool went_well = write_pixels(info, errors, from, &made, &size);
  const std::unique_ptr<unsigned char, void (*)(void*)> buffer{made, std::free};
  if (!went_well) throw std::runtime_error{errors.text.data()};
  return {made, made + size};
}

bytes encode_png(const image& from) {
  png writer;
  writer.get()->width = from.width;
  writer.get()->height = from.height;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(*writer.get());
  bytes file(size);
  writer.check(png_image_write_to_memory(writer.get(), file.data(), &size, 0, from.rgb.data(), 0, nullptr));
  file.resize(size);
  return file;
}

}  // namespace image_processing
