#include "digest.hpp"

#include <array>
#include <boost/uuid/detail/sha1.hpp>
#include <cstdio>

namespace downloads {

std::string digest_of(std::string_view bytes) {
  boost::uuids::detail::sha1 sha1;
  sha1.process_bytes(bytes.data(), bytes.size());
  boost::uuids::detail::sha1::digest_type words{};
  sha1.get_digest(words);
  std::string text;
  for (const unsigned int word : words) {
    std::array<char, 9> digits{};
    std::snprintf(digits.data(), digits.size(), "%08x", word);
    text += digits.data();
  }
  return text;
}

}  // namespace downloads
