// Many files, each processed by whichever worker is free, and a line about each. A file that cannot be read fails alone.
#include <troupe/launcher.hpp>
#include <troupe/pool.hpp>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ranges>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct settings {
  fs::path path = "/usr/share/common-licenses";
  unsigned workers = 2;
};

/// What there is to say about a file.
struct finding {
  std::uint64_t lines = 0;
  std::uint64_t words = 0;
  std::uint64_t bytes = 0;
};

/// What the workers run.
finding process_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::system_error{errno, std::generic_category(), "cannot read " + path};
  finding found;
  bool in_word = false;
  for (auto at = std::istreambuf_iterator<char>{file}; at != std::istreambuf_iterator<char>{}; ++at) {
    const bool is_space = std::isspace(static_cast<unsigned char>(*at)) != 0;
    found.words += !is_space && !in_word ? 1 : 0;
    in_word = !is_space;
    found.lines += *at == '\n' ? 1 : 0;
    ++found.bytes;
  }
  return found;
}

/// The files of the folder and those below, by name.
std::vector<std::string> files_in(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw troupe::launcher::bad_option{"path", "no such folder: " + folder.string()};
  std::vector<std::string> all;
  for (const auto& each : fs::recursive_directory_iterator{folder}) {
    if (!each.is_directory()) all.push_back(each.path().string());
  }
  std::ranges::sort(all);
  return all;
}

std::string reason(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& caught) {
    return caught.what();
  }
}

troupe::summary file_processing(const settings& given, troupe::actor_system& system,
                                const troupe::launcher::show_progress& show) {
  const auto files = files_in(given.path);
  troupe::pool pool{system, {.workers = given.workers, .name = "reader"}};
  const auto began = std::chrono::steady_clock::now();
  const auto tell = [&](std::size_t done, std::optional<std::size_t>) {
    show({.nodes = {{"files", done}}, .elapsed = std::chrono::steady_clock::now() - began});
  };
  const auto findings = pool.try_map<process_file>(files, {.on_progress = tell});

  std::string text;
  boost::json::array lines;
  boost::json::array failed;
  for (std::size_t n = 0; n < files.size(); ++n) {
    if (const auto& each = findings[n]) {
      text += files[n] + ": " + std::to_string(each->lines) + " lines, " + std::to_string(each->words) +
              " words, " + std::to_string(each->bytes) + " bytes\n";
      lines.push_back(
          {{"path", files[n]}, {"lines", each->lines}, {"words", each->words}, {"bytes", each->bytes}});
    } else {
      text += files[n] + ": FAILED: " + reason(each.error()) + "\n";
      failed.push_back({{"path", files[n]}, {"reason", reason(each.error())}});
    }
  }
  const boost::json::object json{{"files", lines}, {"failed", failed}};
  return {.json = boost::json::serialize(json), .text = text};
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>(
        "file_processing", "Processes files in parallel, and says a line about each.", file_processing)
        .group("Files")
        .option("path", &settings::path, "the folder whose files are processed, with those below")
        .option("workers", &settings::workers, "processes that read", {.least = 1, .most = 256});

}  // namespace
