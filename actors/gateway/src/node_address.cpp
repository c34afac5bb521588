#include "node_address.hpp"

#include <charconv>
#include <stdexcept>

namespace troupe::detail {
namespace {

// Digits and dots only, so that no name is looked up that merely begins like it.
bool is_loopback_number(const std::string& host) {
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

bool is_loopback(const host_and_port& address) { return is_loopback_number(address.host); }

host_and_port read_address(const std::string& text) {
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto* const digits = text.data() + (colon == std::string::npos ? text.size() : colon + 1);
  const auto [last, problem] = std::from_chars(digits, end, port);
  if (digits == end || last != end || problem != std::errc{} || colon == 0)
    throw std::invalid_argument{"'" + text + "' is no address: write HOST:PORT, such as 127.0.0.1:7000"};
  auto host = text.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  return {std::move(host), port};
}

void check_needs_no_certificates(const host_and_port& address) {
  if (is_loopback(address)) return;
  throw std::invalid_argument{
      "'" + address.host +
      "' is not a loopback address (127.x.x.x or localhost): for others, nodes need certificates. Make them "
      "with "
      "'certificates --out DIR NODE...', and give each node its folder with '--certificates DIR/NODE'"};
}

std::string canonical(const std::string& text) try {
  const auto [host, port] = read_address(text);
  return host + ":" + std::to_string(port);
} catch (const std::invalid_argument&) {
  return text;
}

}  // namespace troupe::detail
