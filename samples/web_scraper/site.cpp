#include "site.hpp"

#include <troupe/this_actor.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace web_scraper {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr auto patience = 10s;  // with a client that says nothing

std::string address_of(unsigned page) { return page == 0 ? "/" : "/page/" + std::to_string(page); }

std::optional<unsigned> page_at(std::string_view target, unsigned pages) {
  if (target == "/") return 0;
  constexpr std::string_view before = "/page/";
  if (!target.starts_with(before)) return std::nullopt;
  target.remove_prefix(before.size());
  unsigned page = 0;
  const auto [end, problem] = std::from_chars(target.data(), target.data() + target.size(), page);
  if (problem != std::errc{} || end != target.data() + target.size() || page == 0 || page >= pages)
    return std::nullopt;
  return page;
}

/// Page n links to 2n+1 and 2n+2, back to n/2, across to 7n+3, to something that is not there, and to another site.
std::string html_of(unsigned page, unsigned pages) {
  std::string text = "<html><title>Page " + std::to_string(page) + "</title>\n";
  const auto link = [&](const std::string& to) { text += "<a href=\"" + to + "\">" + to + "</a>\n"; };
  for (const auto next : {2 * page + 1, 2 * page + 2}) {
    if (next < pages) link(address_of(next));
  }
  link(address_of(page / 2));
  link(address_of((7 * page + 3) % pages));
  if (page % 5 == 4) link("/missing/" + std::to_string(page));
  link("http://elsewhere.example/");
  return text + "</html>\n";
}

/// One request. Lives as long as something that it waits for refers to it.
class session : public std::enable_shared_from_this<session> {
 public:
  session(tcp::socket socket, const site_settings& given, troupe::dict<std::string, std::uint64_t> hits)
      : stream_{std::move(socket)}, given_{given}, hits_{std::move(hits)}, later_{stream_.get_executor()} {}

  void read() {
    stream_.expires_after(patience);
    http::async_read(stream_, buffer_, request_,
                     [self = shared_from_this()](error_code problem, std::size_t) {
                       if (!problem) self->wait();
                     });
  }

 private:
  void wait() {
    later_.expires_after(given_.latency);
    later_.async_wait([self = shared_from_this()](error_code problem) {
      if (!problem) self->answer();
    });
  }

  void answer() {
    const std::string target{request_.target()};
    hits_.add(target, 1);
    const auto page = page_at(target, given_.pages);
    answer_.result(page ? http::status::ok : http::status::not_found);
    answer_.set(http::field::content_type, "text/html");
    answer_.body() = page ? html_of(*page, given_.pages) : "there is no such page\n";
    answer_.keep_alive(false);
    answer_.prepare_payload();
    http::async_write(stream_, answer_, [self = shared_from_this()](error_code problem, std::size_t) {
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, problem);
    });
  }

  beast::tcp_stream stream_;
  site_settings given_;
  troupe::dict<std::string, std::uint64_t> hits_;
  asio::steady_timer later_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  http::response<http::string_body> answer_;
};

}  // namespace

void serve(site_settings given, troupe::queue<std::uint16_t> port,
           troupe::dict<std::string, std::uint64_t> hits) {
  asio::io_context loop;
  tcp::acceptor acceptor{loop, {asio::ip::address_v4::loopback(), 0}};
  const std::function<void()> accept = [&] {
    acceptor.async_accept([&](error_code problem, tcp::socket socket) {
      if (!problem) std::make_shared<session>(std::move(socket), given, hits)->read();
      accept();
    });
  };
  accept();
  port.put(acceptor.local_endpoint().port());
  while (!troupe::this_actor::stop_requested()) loop.run_for(20ms);
}

}  // namespace web_scraper
