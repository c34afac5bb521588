// What this process's TLS connections fail of: CAF, which has them, says only that they have ended.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace troupe::detail {

struct tls_alert {
  bool was_accepted = false;  ///< the connection; else it was made here
  std::string host{};         ///< the other end's, as numbers
  std::uint16_t port = 0;
  std::string what{};  ///< for people: who refuses whom, and why
};

/// Every TLS connection that this process makes from here on is of version 1.2 at least, and what it fails of is told to `heard`,
/// on the thread that it fails on. Once in a process.
void observe_tls(std::function<void(const tls_alert&)> heard);

}  // namespace troupe::detail
