// Processes of the test's program that die before they reach its main.
#pragma once

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace support {

inline constexpr const char* early_deaths_variable = "TROUPE_TEST_EARLY_DEATHS";

/// For a static object of the test's file: dies where there is an `early_deaths` that has some left.
inline bool die_early() {
  const char* const path = std::getenv(early_deaths_variable);
  std::error_code none;
  const auto left = path == nullptr ? 0 : std::filesystem::file_size(path, none);
  if (path == nullptr || none || left == 0) return false;
  std::filesystem::resize_file(path, left - 1);
  return ::raise(SIGKILL) == 0;
}

/// To be made before the system, whose processes inherit the environment.
class early_deaths {
 public:
  early_deaths()
      : path_{std::filesystem::temp_directory_path() / ("early-deaths-" + std::to_string(::getpid()))} {
    ::setenv(early_deaths_variable, path_.c_str(), 1);
  }
  ~early_deaths() { std::filesystem::remove(path_); }
  early_deaths(const early_deaths&) = delete;
  early_deaths& operator=(const early_deaths&) = delete;

  /// The next processes that are executed die, so many.
  void come(std::size_t count) const { std::ofstream{path_} << std::string(count, '.'); }
  [[nodiscard]] std::size_t left() const { return std::filesystem::file_size(path_); }

 private:
  std::filesystem::path path_;
};

}  // namespace support
