#include "certificate_files.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdexcept>

namespace troupe::detail {
namespace {

namespace fs = std::filesystem;

constexpr const char* how_to_make_them = "; 'certificates --out DIR NODE...' makes a folder for each node";

[[noreturn]] void throw_unreadable(const fs::path& file, const std::string& as) {
  throw std::runtime_error{file.string() + " cannot be read as " + as + ": " + openssl_problem() +
                           how_to_make_them};
}

}  // namespace

std::string openssl_problem() {
  std::string all;
  while (const auto code = ERR_get_error()) {
    const auto* const reason = ERR_reason_error_string(code);
    if (reason == nullptr || all.find(reason) != std::string::npos) continue;
    all += (all.empty() ? "" : ", ") + std::string{reason};
  }
  return all.empty() ? "unknown problem" : all;
}

file_ptr open_pem(const fs::path& file, const char* mode) {
  ERR_clear_error();
  file_ptr opened{BIO_new_file(file.c_str(), mode)};
  if (!opened)
    throw std::runtime_error{file.string() + " cannot be opened: " + openssl_problem() + how_to_make_them};
  return opened;
}

certificate_ptr read_certificate(const fs::path& file) {
  certificate_ptr read{PEM_read_bio_X509(open_pem(file, "r").get(), nullptr, nullptr, nullptr)};
  if (!read) throw_unreadable(file, "a certificate");
  return read;
}

key_ptr read_key(const fs::path& file) {
  // A key with a passphrase fails: nobody is there to be asked.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  key_ptr read{PEM_read_bio_PrivateKey(open_pem(file, "r").get(), nullptr, no_passphrase, nullptr)};
  if (!read) throw_unreadable(file, "a private key");
  return read;
}

void check_certificates(const fs::path& folder) {
  const auto file = folder / own_certificate;
  const auto certificate = read_certificate(file);
  const auto key = read_key(folder / own_key);
  const auto authority = read_certificate(folder / trusted_authority);
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    throw std::runtime_error{(folder / own_key).string() + " is not the key of " + file.string() +
                             how_to_make_them};
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> trusted{X509_STORE_new(), &X509_STORE_free};
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check{X509_STORE_CTX_new(),
                                                                              &X509_STORE_CTX_free};
  X509_STORE_add_cert(trusted.get(), authority.get());
  X509_STORE_CTX_init(check.get(), trusted.get(), certificate.get(), nullptr);
  if (X509_verify_cert(check.get()) == 1) return;
  throw std::runtime_error{file.string() + " would be refused by others: " +
                           X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get())) +
                           how_to_make_them};
}

}  // namespace troupe::detail
