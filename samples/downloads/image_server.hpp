// A server of images on this machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace downloads {

/// What the server has, and what is wrong with it. The first images fail at their first attempt, in this order: some are
/// refused (503), some stop half-way, some come with a wrong byte. The last ones are not there at all.
struct server_options {
  std::uint32_t images = 10;
  std::uint32_t bytes = 16384;          ///< of an image, about
  std::chrono::milliseconds latency{};  ///< before each answer
  std::uint32_t failing = 0;
  std::uint32_t stalling = 0;
  std::uint32_t corrupt = 0;
  std::uint32_t missing = 0;
};

/// An actor that serves generated images by HTTP, at a port of the loopback interface that the kernel chooses:
///
///   /SHA1SUMS          a line for each image: its digest, two spaces, its path
///   /images/<n>.ppm    an image
///
/// It serves in a thread of its own, side by side, while the actor's thread waits for messages.
class image_server {
 public:
  explicit image_server(const server_options& options);
  ~image_server();
  image_server(const image_server&) = delete;
  image_server& operator=(const image_server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

 private:
  class state;
  std::unique_ptr<state> state_;
};

}  // namespace downloads
