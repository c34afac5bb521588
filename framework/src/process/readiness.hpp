// Waiting for a descriptor in an event loop, without owning it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

namespace troupe::process_layer {

/// Calls back when a descriptor that somebody else owns can be read or written. The owner must keep it open for as long as
/// this object watches it. A handler takes no argument and is not called any more once the watch has ended. Loop's thread
/// only.
class readiness {
 public:
  explicit readiness(boost::asio::io_context& loop) : descriptor_{loop} {}
  readiness(boost::asio::io_context& loop, int number) : descriptor_{loop, number} {}
  readiness(const readiness&) = delete;
  readiness& operator=(const readiness&) = delete;
  ~readiness() { end(); }

  void watch(int number) {
    end();
    descriptor_.assign(number);
  }
  void end() {
    if (descriptor_.is_open()) descriptor_.release();  // not close: it is not ours
  }
  [[nodiscard]] bool is_watching() const { return descriptor_.is_open(); }

  template <class Handler>
  void when_readable(Handler handler) {
    wait(boost::asio::posix::stream_descriptor::wait_read, std::move(handler));
  }
  template <class Handler>
  void when_writable(Handler handler) {
    wait(boost::asio::posix::stream_descriptor::wait_write, std::move(handler));
  }

 private:
  template <class Handler>
  void wait(boost::asio::posix::stream_descriptor::wait_type what, Handler handler) {
    descriptor_.async_wait(what,
                           [handler = std::move(handler)](const boost::system::error_code& error) mutable {
                             if (!error) handler();
                           });
  }

  boost::asio::posix::stream_descriptor descriptor_;
};

}  // namespace troupe::process_layer
