// HTTP on 127.0.0.1, by Boost.Beast: POST /evaluate with a text, GET /health.
#pragma once

#include <cstdint>
#include <memory>

namespace boost::asio {
class io_context;
}
class crew;

/// Accepts connections as soon as it exists; several requests may follow each other on one. Threads: the loop's.
class server {
 public:
  /// Port 0: any that is free. Throws `std::system_error` where the port is taken. `loop` and `workers` must outlive it.
  server(boost::asio::io_context& loop, crew& workers, std::uint16_t port);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  /// Takes no more connections and requests. Those that were taken are answered; then the loop has nothing left to do.
  void close();

 private:
  class state;
  std::shared_ptr<state> state_;
};
