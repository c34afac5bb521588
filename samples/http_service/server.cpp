#include "server.hpp"

#include "crew.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t largest_body = std::size_t{1} << 20;
constexpr auto patience = std::chrono::seconds{30};  // with a client that says nothing, or does not read

reply refusal(unsigned status, const std::string& why) {
  return {status, R"({"error":"refused","why":")" + why + "\"}"};
}

}  // namespace

class server::state : public std::enable_shared_from_this<state> {
 public:
  state(asio::io_context& loop, crew& crew_of_all, std::uint16_t port)
      : workers_{crew_of_all}, acceptor_{loop, {asio::ip::address_v4::loopback(), port}} {}

  void accept();
  void close();
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  class session;

  crew& workers_;
  tcp::acceptor acceptor_;
  std::set<session*> idle_;  // connections between two requests
  bool closing_ = false;
};

/// One connection: reads a request, answers it, and so on. Lives as long as something that it waits for refers to it.
class server::state::session : public std::enable_shared_from_this<session> {
 public:
  session(std::shared_ptr<state> of, tcp::socket socket) : all_{std::move(of)}, stream_{std::move(socket)} {}

  void read() {
    request_.emplace();
    request_->body_limit(largest_body);
    stream_.expires_after(patience);
    all_->idle_.insert(this);
    http::async_read(stream_, buffer_, *request_,
                     [self = shared_from_this()](error_code problem, std::size_t) {
                       self->all_->idle_.erase(self.get());
                       self->take(problem);
                     });
  }

  void cancel() { stream_.cancel(); }

 private:
  void take(error_code problem) {
    if (problem == http::error::body_limit) {
      refuse(413, "a body has at most " + std::to_string(largest_body) + " bytes");
    } else if (problem && problem.category() == make_error_code(http::error::bad_method).category() &&
               problem != http::error::end_of_stream && problem != http::error::partial_message) {
      refuse(400, "this is no HTTP request: " + problem.message());
    } else if (!problem) {
      serve();
    }  // otherwise the client is gone, was silent for too long, or we are closing: that is its end
  }

  void refuse(unsigned status, const std::string& why) {
    keep_ = false;
    answer(refusal(status, why));
  }

  void serve() {
    const auto& wanted = request_->get();
    keep_ = wanted.keep_alive();
    if (wanted.target() == "/health") {
      if (wanted.method() != http::verb::get) return answer(refusal(405, "GET /health"));
      answer(all_->workers_.health());
    } else if (wanted.target() == "/evaluate") {
      if (wanted.method() != http::verb::post) return answer(refusal(405, "POST /evaluate"));
      all_->workers_.evaluate(wanted.body(),
                              [self = shared_from_this()](reply result) { self->answer(std::move(result)); });
    } else {
      answer(refusal(404, "there are POST /evaluate and GET /health"));
    }
  }

  void answer(reply result) {
    answer_ = {};
    answer_.result(result.status);
    answer_.set(http::field::content_type, "application/json");
    answer_.keep_alive(keep_ && !all_->closing_);
    answer_.body() = std::move(result.body);
    answer_.prepare_payload();
    stream_.expires_after(patience);
    http::async_write(stream_, answer_, [self = shared_from_this()](error_code problem, std::size_t) {
      if (problem) return;
      if (self->answer_.keep_alive()) return self->read();
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, problem);
    });
  }

  std::shared_ptr<state> all_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> request_;
  http::response<http::string_body> answer_;
  bool keep_ = true;
};

void server::state::accept() {
  acceptor_.async_accept([self = shared_from_this()](error_code problem, tcp::socket socket) {
    if (problem == asio::error::operation_aborted || self->closing_) return;
    if (!problem) std::make_shared<session>(self, std::move(socket))->read();
    self->accept();
  });
}

void server::state::close() {
  closing_ = true;
  acceptor_.close();
  for (auto* each : idle_) each->cancel();
}

server::server(asio::io_context& loop, crew& workers, std::uint16_t port)
    : state_{std::make_shared<state>(loop, workers, port)} {
  state_->accept();
}

server::~server() = default;

std::uint16_t server::port() const { return state_->port(); }

void server::close() { state_->close(); }
