// The files below a folder.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace file_search {

/// A file to search, or a folder or file that cannot be.
struct found {
  std::string path;
  std::string problem{};  ///< why it cannot be read; empty for a file that may be
};

/// The regular files below a folder, or the one file that it is, folder by folder in the order of their names, found as
/// they are asked for. Links are followed for the start, and elsewhere if `follow`; then not into a folder that it is in
/// already, so that a circle of links ends.
class walk {
 public:
  walk(const std::filesystem::path& start, bool follow);
  std::optional<found> next();

 private:
  /// The folders that a place is in, by their true paths.
  struct folder {
    std::filesystem::path true_path;
    std::shared_ptr<const folder> above;
  };
  struct place {
    std::filesystem::path path;
    bool is_folder = false;
    std::shared_ptr<const folder> above;
  };
  std::error_code open(const place& here);
  [[nodiscard]] std::filesystem::file_type type_of(const std::filesystem::directory_entry& entry) const;

  bool follow_;
  std::vector<place> waiting_;  // the next one last
};

}  // namespace file_search
