#include "process/output_collector.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::process_layer {
namespace {

constexpr std::size_t kept_words = 8 * 1024;
constexpr std::size_t longest_line = 64 * 1024;  // a longer one is passed on in pieces

}  // namespace

output_sink::output_sink(boost::asio::io_context& loop, platform::output_stream stream)
    : stream_{std::move(stream)}, ready_{loop} {
  if (stream_.descriptor_number() >= 0) ready_.watch(stream_.descriptor_number());
}

void output_sink::write(std::string_view text) {
  waiting_.append(text);
  if (!is_waiting_) flush();
}

void output_sink::flush() {
  is_waiting_ = false;
  std::size_t written = 0;
  while (written < waiting_.size()) {
    const auto size = stream_.write_some(std::as_bytes(std::span{waiting_}.subspan(written)));
    written += size;
    if (size == 0) break;
  }
  waiting_.erase(0, written);
  if (!waiting_.empty()) {
    is_waiting_ = true;
    ready_.when_writable([this] { flush(); });
  }
  while (!is_full() && !resumes_.empty()) {
    const auto resume = std::move(resumes_.front());
    resumes_.pop_front();
    resume();
  }
  if (waiting_.empty() && when_empty_) std::exchange(when_empty_, nullptr)();
}

output_collector::output_collector(boost::asio::io_context& loop, platform::descriptor pipe,
                                   output_sink* sink)
    : pipe_{std::move(pipe)}, ready_{loop, pipe_.get()}, sink_{sink} {}

void output_collector::start() {
  if (!std::exchange(has_started_, true)) listen();
}

void output_collector::listen() {
  if (!ready_.is_watching()) return;
  ready_.when_readable([self = shared_from_this()] {
    if (!self->read_what_is_there()) return;
    if (self->sink_ != nullptr && self->sink_->is_full()) {
      self->sink_->when_drained([self] { self->listen(); });
    } else {
      self->listen();
    }
  });
}

bool output_collector::read_what_is_there() {
  std::array<std::byte, 16 * 1024> room;
  for (int turns = 0; turns < 16; ++turns) {  // then others have theirs
    const auto size = platform::read_some(pipe_.get(), room);
    if (!size) return true;
    if (*size == 0) return false;
    take({reinterpret_cast<const char*>(room.data()), *size});
  }
  return true;
}

void output_collector::finish() {
  read_what_is_there();
  ready_.end();
  pipe_.reset();
  if (!line_.empty()) {
    line_.push_back('\n');
    pass_on(std::exchange(line_, {}));
  }
}

void output_collector::take(std::string_view text) {
  last_words_.append(text);
  if (last_words_.size() > 2 * kept_words) last_words_.erase(0, last_words_.size() - kept_words);
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto piece = text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
    line_.append(piece);
    text.remove_prefix(piece.size());
    if (line_.ends_with('\n') || line_.size() > longest_line) pass_on(std::exchange(line_, {}));
  }
}

void output_collector::pass_on(std::string_view line) {
  if (sink_ != nullptr) sink_->write(tag_ + std::string{line});
}

}  // namespace troupe::process_layer
