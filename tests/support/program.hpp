// A program that a test runs, with its standard streams in the test's hands.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace support {

struct ending {
  bool by_signal = false;
  int code = 0;  ///< exit code, or the signal's number
};

/// Started by the constructor; killed and reaped by the destructor. Not thread-safe.
class program {
 public:
  /// `arguments` begins behind the program's name; `environment` is added to this process's own.
  explicit program(const std::string& path, const std::vector<std::string>& arguments,
                   const std::vector<std::string>& environment = {});
  ~program();
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The next line of its standard output, without its end; nullopt at the end of the stream, or after 20 seconds.
  std::optional<std::string> line();
  /// What it writes to its standard output until nobody has that open any more.
  std::string rest();
  /// What it has written to its standard error, to the end.
  std::string errors();
  void write(const std::string& text);
  void close_input();
  void kill(int signal) const;
  /// Waits for the end, and reaps it.
  ending wait();

 private:
  bool read_more();
  pid_t pid_ = 0;
  int input_ = -1;
  int output_ = -1;
  int errors_ = -1;
  std::string text_;
  std::optional<ending> ending_;
};

}  // namespace support
