#include "image_server.hpp"

#include "digest.hpp"

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

namespace downloads {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

using request = http::request<http::empty_body>;
using response = http::response<http::string_body>;

constexpr auto patience = std::chrono::seconds{30};  // with a client that says nothing, or does not read

/// A picture of coloured stripes, another for each number.
std::string image(std::uint32_t number, std::uint32_t bytes) {
  constexpr std::uint32_t width = 64;
  const auto height = std::max<std::uint32_t>(1, bytes / (3 * width));
  std::string text = "P6\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n";
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      for (const auto colour : {x * 4, y * (number + 1), (x ^ y) + number * 40})
        text += static_cast<char>(colour & 255U);
    }
  }
  return text;
}

/// The number in "/images/<n>.ppm".
std::optional<std::uint32_t> number_in(std::string_view target) {
  constexpr std::string_view before = "/images/", behind = ".ppm";
  if (!target.starts_with(before) || !target.ends_with(behind)) return std::nullopt;
  std::uint32_t number = 0;
  const auto* end = target.data() + target.size() - behind.size();
  const auto read = std::from_chars(target.data() + before.size(), end, number);
  return read.ec == std::errc{} && read.ptr == end ? std::optional{number} : std::nullopt;
}

response answer(http::status status, std::string body) {
  response made{status, 11};
  made.body() = std::move(body);
  made.keep_alive(false);
  made.prepare_payload();
  return made;
}

}  // namespace

class image_server::state {
 public:
  explicit state(const server_options& options)
      : options_{options}, acceptor_{loop_, {asio::ip::address_v4::loopback(), 0}} {
    asio::co_spawn(loop_, accept(), asio::detached);
    thread_ = std::thread{[this] { loop_.run(); }};
  }
  ~state() {
    loop_.stop();
    thread_.join();
  }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      auto socket = co_await acceptor_.async_accept(use_awaitable);
      // What a client does wrong, its own connection alone suffers.
      asio::co_spawn(loop_, serve(std::move(socket)), [](const std::exception_ptr&) {});
    }
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    beast::tcp_stream stream{std::move(socket)};
    stream.expires_after(patience);
    beast::flat_buffer buffer;
    request asked;
    co_await http::async_read(stream, buffer, asked, use_awaitable);
    asio::steady_timer wait{loop_, options_.latency};
    co_await wait.async_wait(use_awaitable);

    auto given = answer_to(asked);
    if (is_first(asked) && fault_of(asked) == fault::stalls) {
      std::ostringstream whole;
      whole << given;
      const auto half = whole.str().substr(0, whole.str().size() / 2);
      co_await asio::async_write(stream.socket(), asio::buffer(half), use_awaitable);
      wait.expires_after(patience);
      co_await wait.async_wait(use_awaitable);
    } else {
      co_await http::async_write(stream, given, use_awaitable);
    }
  }

  enum class fault { none, fails, stalls, corrupts };

  static bool is_first(const request& asked) { return asked["Attempt"] == "1"; }
  [[nodiscard]] fault fault_of(const request& asked) const {
    const auto target = asked.target();
    const auto number = number_in({target.data(), target.size()});
    if (!number) return fault::none;
    if (*number < options_.failing) return fault::fails;
    if (*number < options_.failing + options_.stalling) return fault::stalls;
    return *number < options_.failing + options_.stalling + options_.corrupt ? fault::corrupts : fault::none;
  }

  [[nodiscard]] response answer_to(const request& asked) const {
    const auto target = asked.target();
    if (target == "/SHA1SUMS") return answer(http::status::ok, sums());
    const auto number = number_in({target.data(), target.size()});
    if (!number || *number >= options_.images - options_.missing)
      return answer(http::status::not_found, "there is no such image\n");
    auto body = image(*number, options_.bytes);
    if (is_first(asked)) {
      const auto wrong = fault_of(asked);
      if (wrong == fault::fails) return answer(http::status::service_unavailable, "later\n");
      if (wrong == fault::corrupts) body.back() = static_cast<char>(body.back() ^ 1);
    }
    return answer(http::status::ok, std::move(body));
  }

  [[nodiscard]] std::string sums() const {
    std::string text;
    for (std::uint32_t n = 0; n < options_.images; ++n)
      text += digest_of(image(n, options_.bytes)) + "  /images/" + std::to_string(n) + ".ppm\n";
    return text;
  }

  server_options options_;
  asio::io_context loop_{1};
  tcp::acceptor acceptor_;
  std::thread thread_;
};

image_server::image_server(const server_options& options) : state_{std::make_unique<state>(options)} {}
image_server::~image_server() = default;
std::uint16_t image_server::port() const { return state_->port(); }

}  // namespace downloads
