// An HTTP request, by Boost.Beast.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>

namespace downloads {

/// Where something is: http://host:port/target.
struct address {
  std::string host;
  std::string port;
  std::string target;
};

/// Throws `std::invalid_argument` with what is wrong.
[[nodiscard]] address parse_url(const std::string& url);
[[nodiscard]] std::string url_of(const address& from);

/// The server has said no, and will say so again.
class refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The body of what is there. Blocks for at most `patience` in all. Throws `refused` for a status that asking again will not
/// change (4xx), and `std::runtime_error` for another status than 200, a connection that breaks, and a time that is over.
/// `attempt`, from 1, is told to the server in a header.
[[nodiscard]] std::string http_get(const address& from, unsigned attempt, std::chrono::milliseconds patience);

}  // namespace downloads
