// The pictures of a folder pass four stages: they are decoded, resized, filtered and encoded; in the end there is a contact
// sheet of them. A picture that is damaged fails alone.
#include <troupe/launcher.hpp>

#include "codec.hpp"
#include "operations.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace image_processing {
namespace {

namespace fs = std::filesystem;

struct settings {
  fs::path path{};
  unsigned images = 12;
  unsigned damaged = 0;
  unsigned size = 120;
  std::string filter = "sharpen";
  unsigned replicas = 2;
  fs::path into{};
};

/// A picture on its way: as a file at first, as pixels then, and as both in the end.
struct picture {
  std::uint64_t position = 0;
  std::string name{};
  bytes file{};
  image pixels{};
};

/// Runs `work`; an exception from it is about this picture alone.
template <class Work>
auto on(const picture& which, const Work& work) {
  try {
    return work();
  } catch (const std::exception& problem) {
    throw troupe::item_failed{which.name + ": " + problem.what()};
  }
}

// The actors: a source, four stages, a sink.

class folder {
 public:
  explicit folder(std::vector<std::string> paths) : paths_{std::move(paths)} {}

  std::optional<picture> next(std::uint64_t position) const {
    if (position >= paths_.size()) return std::nullopt;
    const fs::path path = paths_[position];
    std::ifstream file{path, std::ios::binary};
    picture read{.position = position, .name = path.filename().string()};
    read.file.assign(std::istreambuf_iterator<char>{file}, {});
    if (!file.good() && read.file.empty()) throw troupe::item_failed{read.name + ": it cannot be read"};
    return read;
  }

 private:
  std::vector<std::string> paths_;
};

/// Makes pictures, as JPEG and PNG files in turn; the last of them are cut off in the middle.
class generator {
 public:
  generator(std::uint64_t count, std::uint64_t damaged) : count_{count}, damaged_{damaged} {}

  std::optional<picture> next(std::uint64_t position) const {
    if (position >= count_) return std::nullopt;
    const bool is_png = position % 2 == 1;
    const auto made = sample_image(static_cast<std::uint32_t>(position));
    auto file = is_png ? encode_png(made) : encode_jpeg(made);
    if (position + damaged_ >= count_) file.resize(file.size() / 2);
    return picture{.position = position,
                   .name = "sample_" + std::to_string(position) + (is_png ? ".png" : ".jpg"),
                   .file = std::move(file)};
  }

 private:
  std::uint64_t count_;
  std::uint64_t damaged_;
};

class decoder {
 public:
  void operator()(picture next, troupe::outlet<picture>& out) const {
    next.pixels = on(next, [&] { return decode(next.file); });
    next.file.clear();
    out.emit(next);
  }
};

class resizer {
 public:
  explicit resizer(std::uint32_t edge) : edge_{edge} {}
  void operator()(picture next, troupe::outlet<picture>& out) const {
    next.pixels = on(next, [&] { return resized(next.pixels, edge_); });
    out.emit(next);
  }

 private:
  std::uint32_t edge_;
};

class filterer {
 public:
  explicit filterer(std::string filter) : filter_{std::move(filter)} {}
  void operator()(picture next, troupe::outlet<picture>& out) const {
    next.pixels = filtered(next.pixels, filter_);
    out.emit(next);
  }

 private:
  std::string filter_;
};

class encoder {
 public:
  void operator()(picture next, troupe::outlet<picture>& out) const {
    next.file = on(next, [&] { return encode_jpeg(next.pixels); });
    out.emit(next);
  }
};

void write(const fs::path& path, const bytes& file) {
  std::ofstream to{path, std::ios::binary};
  std::copy(file.begin(), file.end(), std::ostreambuf_iterator<char>{to});
  if (!to.flush()) throw troupe::item_failed{path.string() + ": it cannot be written"};
}

/// What is known in the end.
struct album {
  struct entry {
    std::string name;
    std::uint32_t width = 0, height = 0;
    std::uint64_t bytes = 0;
  };
  std::vector<entry> pictures{};
  std::uint32_t width = 0, height = 0;  ///< of the contact sheet
  bytes sheet{};                        ///< as a PNG file
};

class collector {
 public:
  collector(std::string into, std::uint32_t edge) : into_{std::move(into)}, edge_{edge} {}

  void operator()(const picture& next) {
    if (!into_.empty()) write(into_ / fs::path{next.name}.replace_extension(".small.jpg"), next.file);
    all_.push_back(next);
  }
  album result() {
    std::sort(all_.begin(), all_.end(), [](const auto& a, const auto& b) { return a.position < b.position; });
    album made;
    std::vector<image> images;
    for (auto& each : all_) {
      made.pictures.push_back({each.name, each.pixels.width, each.pixels.height, each.file.size()});
      images.push_back(std::move(each.pixels));
    }
    const auto sheet = contact_sheet(images, edge_);
    made.width = sheet.width;
    made.height = sheet.height;
    made.sheet = encode_png(sheet);
    return made;
  }

 private:
  fs::path into_;
  std::uint32_t edge_;
  std::vector<picture> all_;
};

troupe::summary summarize(const album& all, const settings& given) {
  troupe::summary result;
  boost::json::array pictures;
  std::uint64_t size = 0;
  for (const auto& each : all.pictures) {
    size += each.bytes;
    pictures.push_back(
        {{"name", each.name}, {"width", each.width}, {"height", each.height}, {"bytes", each.bytes}});
  }
  result.text = std::to_string(all.pictures.size()) + " pictures of at most " + std::to_string(given.size) +
                " pixels a side, " + std::to_string(size) + " bytes\n" + "a contact sheet of " +
                std::to_string(all.width) + " x " + std::to_string(all.height) + " pixels, " +
                std::to_string(all.sheet.size()) + " bytes";
  if (!given.into.empty()) {
    const auto path = given.into / "contact_sheet.png";
    try {
      write(path, all.sheet);
    } catch (const troupe::item_failed& problem) {
      result.errors.emplace_back(problem.what());
    }
    result.text += ": " + path.string();
  }
  result.text += "\n";
  result.json = boost::json::serialize(boost::json::object{
      {"pictures", std::move(pictures)},
      {"contact_sheet", {{"width", all.width}, {"height", all.height}, {"bytes", all.sheet.size()}}}});
  return result;
}

/// The pictures of a folder, by name.
std::vector<std::string> pictures_in(const fs::path& where) {
  std::error_code problem;
  std::vector<std::string> paths;
  for (fs::directory_iterator entry{where, problem}; !problem && entry != fs::end(entry);
       entry.increment(problem)) {
    const auto extension = entry->path().extension();
    if (extension == ".jpg" || extension == ".jpeg" || extension == ".png")
      paths.push_back(entry->path().string());
  }
  if (problem)
    throw troupe::launcher::bad_option{"path",
                                       "'" + where.string() + "' cannot be read: " + problem.message()};
  if (paths.empty())
    throw troupe::launcher::bad_option{"path", "'" + where.string() + "' holds no .jpg, .jpeg or .png files"};
  std::sort(paths.begin(), paths.end());
  return paths;
}

troupe::topology image_processing(const settings& given) {
  if (!given.into.empty() && !fs::is_directory(given.into))
    throw troupe::launcher::bad_option{"into", "'" + given.into.string() + "' is no folder: make it first"};
  troupe::topology graph{"image_processing"};
  const troupe::node_options several{.replicas = given.replicas};
  const auto source = given.path.empty() ? graph.source<generator>("pictures", given.images, given.damaged)
                                         : graph.source<folder>("pictures", pictures_in(given.path));
  const auto decode = graph.stage<decoder>("decode", several);
  const auto resize = graph.stage<resizer>("resize", several, given.size);
  const auto filter = graph.stage<filterer>("filter", several, given.filter);
  const auto encode = graph.stage<encoder>("encode", several);
  const auto collect = graph.sink<collector>("collect", given.into.string(), given.size);
  const troupe::by_queue few{.capacity = 8};  // pictures are large
  graph.connect(source, decode, few);
  graph.connect(decode, resize, few);
  graph.connect(resize, filter, few);
  graph.connect(filter, encode, few);
  graph.connect(encode, collect, few);
  graph.conclude(collect, [given](const std::vector<album>& all, const troupe::run_report&) {
    return summarize(all.front(), given);
  });
  return graph;
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>(
        "image_processing", "Pictures are decoded, resized, filtered and encoded.", image_processing)
        .group("Pipelines")
        .option("path", &settings::path, "a folder of JPEG and PNG files; none: generated pictures")
        .option("images", &settings::images, "pictures that are generated", {.most = 10'000})
        .option("damaged", &settings::damaged, "of these, so many are cut off in the middle",
                {.most = 10'000})
        .option("size", &settings::size, "pixels of a side at most", {.least = 1, .most = 4096})
        .option("filter", &settings::filter, "what is done to them", {.one_of = filters()})
        .option("replicas", &settings::replicas, "processes of each stage", {.least = 1, .most = 64})
        .option("into", &settings::into, "a folder for the small pictures and the contact sheet");

}  // namespace
}  // namespace image_processing
