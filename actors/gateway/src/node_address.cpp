#include "node_address.hpp"

#include <charconv>
#include <stdexcept>

namespace troupe::detail {
namespace {

// 127.0.0.0/8, digits and dots only, so that no name is looked up that merely begins like it.
bool is_loopback(const std::string& host) {
  return host == "localhost" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

}  // namespace

host_and_port read_address(const std::string& text) {
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto* const digits = text.data() + (colon == std::string::npos ? text.size() : colon + 1);
  const auto [last, problem] = std::from_chars(digits, end, port);
  if (digits == end || last != end || problem != std::errc{} || colon == 0)
    throw std::invalid_argument{"'" + text + "' is no address: write HOST:PORT, such as 127.0.0.1:7000"};
  auto host = text.substr(0, colon);
  if (!is_loopback(host)) {
    throw std::invalid_argument{
        "'" + text +
        "' is not a loopback address (127.x.x.x or localhost): nodes on other machines would need TLS with "
        "certificates, which this version does not have yet"};
  }
  if (host == "localhost") host = "127.0.0.1";
  return {std::move(host), port};
}

}  // namespace troupe::detail
