// A node's certificates on disk.
#pragma once

#include <filesystem>
#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string>

namespace troupe::detail {

// In a node's folder, and in its authority's.
inline constexpr const char* own_certificate = "certificate.pem";
inline constexpr const char* own_key = "key.pem";
inline constexpr const char* trusted_authority = "authority.pem";
inline constexpr const char* authority_folder = "authority";

struct openssl_free {
  void operator()(X509* what) const { X509_free(what); }
  void operator()(EVP_PKEY* what) const { EVP_PKEY_free(what); }
  void operator()(BIO* what) const { BIO_free(what); }
};
using certificate_ptr = std::unique_ptr<X509, openssl_free>;
using key_ptr = std::unique_ptr<EVP_PKEY, openssl_free>;
using file_ptr = std::unique_ptr<BIO, openssl_free>;

/// What the library's last calls in this thread have failed with; forgets it.
[[nodiscard]] std::string openssl_problem();

/// These throw `std::runtime_error` with the file's name and what is wrong with it.
[[nodiscard]] file_ptr open_pem(const std::filesystem::path& file, const char* mode);
[[nodiscard]] certificate_ptr read_certificate(const std::filesystem::path& file);
[[nodiscard]] key_ptr read_key(const std::filesystem::path& file);

/// Throws `std::runtime_error` where a node cannot show what is in that folder: missing or damaged files, a key that is not
/// the certificate's, one that has expired or that its authority has not signed; says what is to be done.
void check_certificates(const std::filesystem::path& folder);

}  // namespace troupe::detail
