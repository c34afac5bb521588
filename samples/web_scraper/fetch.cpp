#include "fetch.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <string_view>

namespace web_scraper {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t largest_page = std::size_t{1} << 20;

std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const auto from = text.find(before);
  if (from == text.npos) return {};
  const auto begin = from + before.size();
  return std::string{text.substr(begin, text.find(after, begin) - begin)};
}

std::vector<std::string> links_of(std::string_view text) {
  std::vector<std::string> all;
  constexpr std::string_view mark = "href=\"";
  for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at)) {
    at += mark.size();
    const auto to = text.substr(at, text.find('"', at) - at);
    if (to.starts_with('/') && std::find(all.begin(), all.end(), to) == all.end()) all.emplace_back(to);
  }
  return all;
}

}  // namespace

page fetch(std::uint16_t port, const std::string& target, std::chrono::milliseconds patience) {
  asio::io_context loop;
  beast::tcp_stream stream{loop};
  beast::flat_buffer buffer;
  http::request<http::empty_body> request{http::verb::get, target, 11};
  request.set(http::field::host, "localhost");
  http::response_parser<http::string_body> answer;
  answer.body_limit(largest_page);

  page result;
  const auto step = [&](auto next) {
    return [&result, next](error_code problem, auto&&...) {
      if (problem) {
        result.problem = problem.message();
      } else {
        next();
      }
    };
  };
  stream.expires_after(patience);
  stream.async_connect(tcp::endpoint{asio::ip::address_v4::loopback(), port}, step([&] {
                         http::async_write(stream, request, step([&] {
                                             http::async_read(stream, buffer, answer, step([&] {
                                                                result.status = answer.get().result_int();
                                                                const auto& body = answer.get().body();
                                                                result.title =
                                                                    between(body, "<title>", "</title>");
                                                                result.links = links_of(body);
                                                              }));
                                           }));
                       }));
  loop.run();
  return result;
}

}  // namespace web_scraper
