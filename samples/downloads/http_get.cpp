#include "http_get.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <cstdint>
#include <exception>
#include <utility>

namespace downloads {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

constexpr std::uint64_t largest_body = std::uint64_t{256} << 20;

std::string body_of(http::response<http::string_body> response) {
  const auto status = std::to_string(response.result_int()) + " " + std::string{response.reason()};
  if (http::to_status_class(response.result()) == http::status_class::client_error) throw refused{status};
  if (response.result() != http::status::ok) throw std::runtime_error{status};
  return std::move(response.body());
}

asio::awaitable<std::string> ask(const address& from, unsigned attempt, std::chrono::milliseconds patience) {
  const auto loop = co_await asio::this_coro::executor;
  tcp::resolver resolver{loop};
  beast::tcp_stream stream{loop};
  stream.expires_after(patience);  // for all that follows
  const auto places = co_await resolver.async_resolve(from.host, from.port, use_awaitable);
  co_await stream.async_connect(places, use_awaitable);

  http::request<http::empty_body> request{http::verb::get, from.target, 11};
  request.set(http::field::host, from.host + ":" + from.port);
  request.set(http::field::user_agent, "troupe-downloads");
  request.set("Attempt", std::to_string(attempt));
  request.keep_alive(false);
  co_await http::async_write(stream, request, use_awaitable);

  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(largest_body);
  co_await http::async_read(stream, buffer, parser, use_awaitable);
  co_return body_of(parser.release());
}

}  // namespace

address parse_url(const std::string& url) {
  const std::string scheme = "http://";
  if (!url.starts_with(scheme)) throw std::invalid_argument{"'" + url + "' does not begin with " + scheme};
  const auto slash = url.find('/', scheme.size());
  auto host = url.substr(scheme.size(), slash == url.npos ? url.npos : slash - scheme.size());
  std::string port = "80";
  if (const auto colon = host.rfind(':'); colon != host.npos) {
    port = host.substr(colon + 1);
    host.resize(colon);
  }
  const auto target = slash == url.npos ? "/" : url.substr(slash);
  if (host.empty() || port.empty() || url.find_first_of(" \r\n\t") != url.npos)
    throw std::invalid_argument{"'" + url + "' is no http://host:port/path"};
  return {std::move(host), std::move(port), target};
}

std::string url_of(const address& from) { return "http://" + from.host + ":" + from.port + from.target; }

std::string http_get(const address& from, unsigned attempt, std::chrono::milliseconds patience) {
  asio::io_context loop{1};
  std::string body;
  std::exception_ptr problem;
  asio::co_spawn(loop, ask(from, attempt, patience), [&](std::exception_ptr thrown, std::string text) {
    problem = std::move(thrown);
    body = std::move(text);
  });
  loop.run();
  try {
    if (problem) std::rethrow_exception(problem);
  } catch (const boost::system::system_error& failed) {
    if (failed.code() == beast::error::timeout)
      throw std::runtime_error{"not there after " + std::to_string(patience.count()) + " ms"};
    throw std::runtime_error{failed.code().message()};
  }
  return body;
}

}  // namespace downloads
