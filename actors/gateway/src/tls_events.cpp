#include "tls_events.hpp"

#include <caf/io/network/native_socket.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <utility>

namespace troupe::detail {
namespace {

std::function<void(const tls_alert&)>& listener() {
  static std::function<void(const tls_alert&)> heard;
  return heard;
}

thread_local unsigned long forgotten = 0;  // the last problem, when an alert about it is sent

/// OpenSSL keeps a thread's problems in one list, and a connection that waits to be read from looks broken where another's
/// problem is still in it. CAF leaves them there (0.17.6): they are forgotten before each attempt to read or write.
long forget_problems(BIO*, int operation, const char*, size_t, int, long, int result, size_t*) {
  if (operation != BIO_CB_READ && operation != BIO_CB_WRITE) return result;
  forgotten = ERR_peek_last_error();
  ERR_clear_error();
  return result;
}

/// The other end has closed its socket without a word, as CAF does.
bool is_mere_end() { return ERR_GET_REASON(forgotten) == SSL_R_UNEXPECTED_EOF_WHILE_READING; }

/// Of what is no TLS at all, nothing is said to the other end.
bool is_no_tls(int where, int result) {
  if ((where & SSL_CB_EXIT) == 0 || (where & SSL_CB_ALERT) != 0 || result > 0) return false;
  const auto reason = ERR_GET_REASON(ERR_peek_last_error());
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
         reason == SSL_R_HTTPS_PROXY_REQUEST || reason == SSL_R_BAD_PROTOCOL_VERSION_NUMBER;
}

std::string describe(const SSL& connection, bool was_sent, int alert) {
  const auto verdict = SSL_get_verify_result(&connection);
  if (was_sent && verdict != X509_V_OK)
    return std::string{"its certificate is refused: "} + X509_verify_cert_error_string(verdict);
  const auto* const reason = was_sent ? ERR_reason_error_string(forgotten) : nullptr;
  const std::string why = reason != nullptr ? reason : SSL_alert_desc_string_long(alert);
  return was_sent ? "it does not speak TLS as nodes do: " + why
                  : "it refuses this node's certificate or TLS: " + why;
}

void tell(const SSL* connection, const std::string& what) {
  namespace net = caf::io::network;
  const auto socket = SSL_get_fd(connection);
  const auto host = net::remote_addr_of_fd(socket);
  const auto port = net::remote_port_of_fd(socket);
  listener()({SSL_is_server(connection) != 0, host ? *host : "", port ? *port : std::uint16_t{0}, what});
}

void on_event(const SSL* connection, int where, int value) {
  constexpr int fatal = 2;
  if ((where & SSL_CB_HANDSHAKE_START) != 0) BIO_set_callback_ex(SSL_get_rbio(connection), forget_problems);
  if (is_no_tls(where, value))
    return tell(connection, "it does not speak TLS, as nodes with certificates do");
  const bool was_sent = (where & SSL_CB_WRITE) != 0;
  if ((where & SSL_CB_ALERT) == 0 || value >> 8 != fatal || (was_sent && is_mere_end())) return;
  tell(connection, describe(*connection, was_sent, value));
}

// CAF makes a context for each connection, and shows it to nobody; OpenSSL shows it to who has data to add to each.
void on_new_context(void* context, void*, CRYPTO_EX_DATA*, int, long, void*) {
  auto* const made = static_cast<SSL_CTX*>(context);
  SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION);
  SSL_CTX_set_info_callback(made, on_event);
}

}  // namespace

void observe_tls(std::function<void(const tls_alert&)> heard) {
  listener() = std::move(heard);
  SSL_CTX_get_ex_new_index(0, nullptr, on_new_context, nullptr, nullptr);
}

}  // namespace troupe::detail
