// A stretch of network between two nodes, which tests can cut, and make as bad as networks get. What can be wrong with it
// has the names that Toxiproxy has for that (github.com/Shopify/toxiproxy, "Toxics").
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace support {

/// From who has made the connection to who listens, and back.
enum class stream : std::uint8_t { up, down };

/// What is wrong with one of the two. A value.
struct toxics {
  std::chrono::milliseconds latency{};  ///< everything comes so much later,
  std::chrono::milliseconds jitter{};  ///< and up to so much sooner or later than that; in order all the same
  std::size_t bandwidth = 0;           ///< bytes a second; 0: as many as there are
  std::size_t slicer = 0;  ///< bytes of the slices that it comes in, on average; 0: as it was sent
  std::chrono::microseconds slice_delay{};  ///< between two of them
  std::size_t limit_data = 0;               ///< bytes, after which a connection ends; 0: it does not
  std::chrono::milliseconds slow_close{};   ///< so much later comes a connection's end
  bool reset_peer = false;                  ///< which is no end in good order, but a reset (RST)
  bool timeout = false;                     ///< nothing comes any more, not even the end
};

/// Listens on a port of its own and passes on what comes, to a port of this machine and back. Threads: any.
class proxy {
 public:
  explicit proxy(std::uint16_t to);
  proxy(const proxy&) = delete;
  proxy& operator=(const proxy&) = delete;
  ~proxy();

  [[nodiscard]] std::string address() const;
  /// Those that it has passed anything on between.
  [[nodiscard]] int connections() const;
  /// From here on, also for the connections that there are; `limit_data` counts from each one's beginning.
  void set(stream which, const toxics& wrong);
  void set(const toxics& wrong) {
    set(stream::up, wrong);
    set(stream::down, wrong);
  }
  /// Ends every connection that there is, with what is still on its way, as the toxics say. New ones may be made.
  void cut();
  /// Whether new ones may be made.
  void enable(bool accepts);
  /// How often something was passed on: of what is said seldom, each message counts.
  [[nodiscard]] std::size_t passed(stream which) const;

 private:
  class inside;
  std::unique_ptr<inside> inside_;
};

}  // namespace support
