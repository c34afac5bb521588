// The digest by which a downloaded file is known to be whole.
#pragma once

#include <string>
#include <string_view>

namespace downloads {

/// The SHA-1 of some bytes, in hexadecimal, as sha1sum(1) prints it: for damage, not for malice.
[[nodiscard]] std::string digest_of(std::string_view bytes);

}  // namespace downloads
