// "HOST:PORT"
#pragma once

#include <cstdint>
#include <string>

namespace troupe::detail {

struct host_and_port {
  std::string host;
  std::uint16_t port = 0;
};

/// Throws `std::invalid_argument` where the text is none.
[[nodiscard]] host_and_port read_address(const std::string& text);

[[nodiscard]] bool is_loopback(const host_and_port& address);

/// Throws `std::invalid_argument` where that is not for who has no certificates: any address but loopback.
void check_needs_no_certificates(const host_and_port& address);

/// An address as `read_address` has it, in one way of writing; other text as it is.
[[nodiscard]] std::string canonical(const std::string& text);

}  // namespace troupe::detail
