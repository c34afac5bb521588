#include "progress_line.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

namespace troupe::launcher {

namespace {

bool is_terminal(const char* descriptor) {
  std::error_code problem;
  const auto target = std::filesystem::read_symlink(descriptor, problem).string();
  return target.starts_with("/dev/pts/") || target.starts_with("/dev/tty") || target == "/dev/console";
}

/// "pool [######....] 6/10", or "pool 6" where nobody knows how many there will be.
std::string text_of(const progress::node_progress& node) {
  const auto handled = std::to_string(node.handled);
  if (!node.total) return node.name + " " + handled;
  constexpr std::size_t width = 20;
  const auto share =
      *node.total == 0 ? 1.0 : static_cast<double>(node.handled) / static_cast<double>(*node.total);
  const auto full = static_cast<std::size_t>(std::min(share, 1.0) * width);
  return node.name + " [" + std::string(full, '#') + std::string(width - full, '.') + "] " + handled + "/" +
         std::to_string(*node.total);
}

constexpr const char* clear_line = "\r\033[K";

}  // namespace

progress_line::progress_line() : is_shown_{is_terminal("/proc/self/fd/2")} {}

progress_line::~progress_line() {
  if (is_shown_) std::fputs(clear_line, stderr);
}

void progress_line::show(const progress& so_far) {
  if (!is_shown_) return;
  std::string line = clear_line;
  for (const auto& node : so_far.nodes) line += text_of(node) + "   ";
  const auto tenths = static_cast<long>(so_far.elapsed.count() * 10);
  line += std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) +
          " s\r";  // what others print begins there
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace troupe::launcher
