// "HOST:PORT"
#pragma once

#include <cstdint>
#include <string>

namespace troupe::detail {

struct host_and_port {
  std::string host;
  std::uint16_t port = 0;
};

/// Throws `std::invalid_argument` where the text is none, and where the host is no loopback address: without certificates
/// others are not reached.
[[nodiscard]] host_and_port read_address(const std::string& text);

}  // namespace troupe::detail
