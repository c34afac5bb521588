#include <troupe/certificates.hpp>

#include "certificate_files.hpp"

#include <algorithm>
#include <memory>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace troupe {
namespace {

namespace fs = std::filesystem;
using namespace detail;

constexpr auto clocks_differ = std::chrono::minutes{5};
constexpr int serial_bits = 127;  // a positive number of at most 20 bytes, as RFC 5280 wants it
constexpr int authority_lives = 10;

struct signer {
  certificate_ptr certificate;
  key_ptr key;
};

template <class Result>
Result made(Result result, const char* what) {
  if (!result)
    throw std::runtime_error{std::string{"OpenSSL cannot make "} + what + ": " + openssl_problem()};
  return result;
}

void add_extension(X509& to, X509& issuer, int which, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &to, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension{
      made(X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str()), "an extension"),
      &X509_EXTENSION_free};
  made(X509_add_ext(&to, extension.get(), -1), "an extension");
}

void name(X509& what, const std::string& common_name) {
  auto* const subject = X509_get_subject_name(&what);
  const auto add = [subject](const char* field, const std::string& text) {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
    made(X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, bytes, static_cast<int>(text.size()), -1,
                                    0),
         "a name");
  };
  add("O", "Troupe");
  add("CN", common_name);
}

/// Signed by its issuer; null: by itself.
signer make(const std::string& common_name, const signer* issuer, std::chrono::seconds valid_for) {
  signer fresh{certificate_ptr{made(X509_new(), "a certificate")},
               key_ptr{made(EVP_EC_gen("P-256"), "a key")}};
  auto& certificate = *fresh.certificate;
  const auto& by = issuer != nullptr ? *issuer : fresh;
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> serial{BN_new(), &BN_free};
  made(BN_rand(serial.get(), serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY), "a random number");
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(&certificate));
  X509_set_version(&certificate, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(&certificate), -std::chrono::seconds{clocks_differ}.count());
  X509_gmtime_adj(X509_getm_notAfter(&certificate), valid_for.count());
  X509_set_pubkey(&certificate, fresh.key.get());
  name(certificate, common_name);
  X509_set_issuer_name(&certificate, X509_get_subject_name(by.certificate.get()));
  add_extension(certificate, *by.certificate, NID_subject_key_identifier, "hash");
  if (issuer == nullptr) {
    add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    add_extension(certificate, *by.certificate, NID_authority_key_identifier, "keyid:always");
    add_extension(certificate, *by.certificate, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate, *by.certificate, NID_key_usage, "critical,digitalSignature");
    add_extension(certificate, *by.certificate, NID_ext_key_usage, "serverAuth,clientAuth");
  }
  made(X509_sign(&certificate, by.key.get(), EVP_sha256()), "a signature");
  return fresh;
}

void save(const fs::path& file, const X509& certificate) {
  const auto out = open_pem(file, "w");
  if (PEM_write_bio_X509(out.get(), &certificate) != 1 || BIO_flush(out.get()) != 1)
    throw std::runtime_error{file.string() + " cannot be written: " + openssl_problem()};
}

// In a folder that is its owner's alone already.
void save(const fs::path& file, const EVP_PKEY& key) {
  const auto out = open_pem(file, "w");
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  if (PEM_write_bio_PKCS8PrivateKey(out.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      BIO_flush(out.get()) != 1)
    throw std::runtime_error{file.string() + " cannot be written: " + openssl_problem()};
}

void save(const fs::path& folder, const signer& what) {
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
  save(folder / own_certificate, *what.certificate);
  save(folder / own_key, *what.key);
}

signer authority_in(const fs::path& folder, std::chrono::seconds valid_for) {
  if (fs::exists(folder / own_key))
    return {read_certificate(folder / own_certificate), read_key(folder / own_key)};
  auto fresh = make("Troupe nodes", nullptr, valid_for);
  save(folder, fresh);
  return fresh;
}

void check_name(const std::string& node) {
  constexpr std::size_t longest = 64;  // of a common name, in RFC 5280
  const bool is_file_name =
      !node.empty() && node != "." && node != ".." && node.find('/') == std::string::npos;
  if (is_file_name && node.size() <= longest && node != authority_folder) return;
  throw std::invalid_argument{"'" + node + "' cannot be a node's name: a name is a folder's, of at most " +
                              std::to_string(longest) + " bytes, and not '" + authority_folder + "'"};
}

}  // namespace

void make_certificates(const fs::path& folder, const std::vector<std::string>& nodes,
                       std::chrono::seconds valid_for) {
  std::for_each(nodes.begin(), nodes.end(), check_name);
  const auto authority =
      authority_in(folder / authority_folder, authority_lives * std::chrono::abs(valid_for));
  for (const auto& node : nodes) {
    const auto place = folder / node;
    save(place, make(node, &authority, valid_for));
    save(place / trusted_authority, *authority.certificate);
  }
}

}  // namespace troupe
