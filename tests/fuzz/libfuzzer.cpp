// A fuzzer of the entry that FUZZ_ENTRY names.
#include "fuzz/entries.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::FUZZ_ENTRY(std::as_bytes(std::span{data, size}));
  return 0;
}
