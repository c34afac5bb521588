// What actors print, on its way to the host's standard streams: whole lines, never mixed.
#pragma once

#include "platform/stream.hpp"
#include "process/readiness.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::process_layer {

/// One of the host's standard streams, with what waits to be written to it. Guardian's thread only.
class output_sink {
 public:
  output_sink(boost::asio::io_context& loop, platform::output_stream stream);
  output_sink(const output_sink&) = delete;
  output_sink& operator=(const output_sink&) = delete;

  void write(std::string_view text);
  /// Whether readers should hold back: then the actors' own writes wait in time, as they would without us.
  [[nodiscard]] bool is_full() const { return waiting_.size() > max_waiting; }
  /// Calls `resume` once there is room again.
  void when_drained(std::function<void()> resume) { resumes_.push_back(std::move(resume)); }
  [[nodiscard]] bool is_empty() const { return waiting_.empty(); }
  /// Calls `then` once, when everything has been written.
  void when_empty(std::function<void()> then) { when_empty_ = std::move(then); }

 private:
  static constexpr std::size_t max_waiting = std::size_t{1} << 20;
  void flush();

  platform::output_stream stream_;
  readiness ready_;
  std::string waiting_;
  bool is_waiting_ = false;
  std::deque<std::function<void()>> resumes_;
  std::function<void()> when_empty_;
};

/// Reads one standard stream of one actor, cuts it into lines and tags them. Guardian's thread only.
class output_collector : public std::enable_shared_from_this<output_collector> {
 public:
  /// A null `sink` discards the lines.
  output_collector(boost::asio::io_context& loop, platform::descriptor pipe, output_sink* sink);

  /// From now on; once more does nothing.
  void start();
  /// What is put before every line.
  void set_tag(std::string tag) { tag_ = std::move(tag); }
  /// Reads what is left and passes on a last line that has no end. After the process's death.
  void finish();
  /// The last 8 KiB that were written.
  [[nodiscard]] const std::string& last_words() const { return last_words_; }

 private:
  void listen();
  /// False at the end of the stream.
  bool read_what_is_there();
  void take(std::string_view text);
  void pass_on(std::string_view line);

  platform::descriptor pipe_;
  readiness ready_;
  std::string tag_;
  output_sink* sink_;
  bool has_started_ = false;
  std::string line_;
  std::string last_words_;
};

}  // namespace troupe::process_layer
