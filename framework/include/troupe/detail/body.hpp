// Values on their way into a message.
#pragma once

#include <troupe/detail/codec.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>

namespace troupe::detail {

/// Values that are about to be encoded, by reference: measured already, written in place later. Valid as long as they are.
struct body {
  std::size_t size = 0;
  const void* values = nullptr;
  void (*write)(const void* values, byte_writer& out) = nullptr;
  attached_memory attached{};         ///< what travels along
  std::size_t plain_attachments = 0;  ///< of these, as good as copies
};

template <class... Values>
body body_of(const std::tuple<Values...>& values) {
  const auto write = +[](const void* erased, byte_writer& out) {
    std::apply([&](const auto&... value) { (encode(out, value), ...); },
               *static_cast<const std::tuple<Values...>*>(erased));
  };
  constexpr bool are_fixed = ((fixed_size<std::remove_cvref_t<Values>>() != 0) && ...);
  if constexpr (are_fixed) return {(fixed_size<std::remove_cvref_t<Values>>() + ... + 0), &values, write};
  body measured{0, &values, write};
  byte_writer measure{measured.attached};
  write(&values, measure);
  measured.size = measure.size();
  measured.plain_attachments = measure.plain_attachments();
  return measured;
}

}  // namespace troupe::detail
