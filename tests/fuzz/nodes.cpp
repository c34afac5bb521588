// What other nodes' gateways send.
#include "fuzz/entries.hpp"
#include "node_frames.hpp"
#include "node_session.hpp"

#include <exception>
#include <string>

namespace fuzz {
namespace {

using namespace troupe::detail;

void read_frame(const frame_head& head, bytes payload) {
  static_cast<void>(troupe::remote::take_copies(payload, head.copies));
  byte_reader in{payload, nullptr};
  if (head.kind == frame_kind::spawn) static_cast<void>(decode<spawn_order>(in));
  if (head.kind == frame_kind::reply) read_answer(in, static_cast<outcome>(head.method), "of another node");
}

void read(message_kind kind, byte_reader& in) {
  switch (kind) {
    case message_kind::hello:
    case message_kind::welcome:
      static_cast<void>(decode<greeting_start>(in));
      static_cast<void>(decode<greeting>(in));
      return;
    case message_kind::pulse: static_cast<void>(decode<pulse>(in)); return;
    case message_kind::batch:
      static_cast<void>(decode<batch_head>(in));
      return read_frames(in.take(in.left()), read_frame);
    default: static_cast<void>(decode<std::string>(in));
  }
}

}  // namespace

void nodes(bytes input) {
  if (input.empty()) return;
  byte_reader in{input.subspan(1), nullptr};
  try {
    read(message_kind{std::to_integer<std::uint8_t>(input.front())}, in);
  } catch (const std::exception&) {
    // Refused, or the exception that an answer says there was.
  }
}

}  // namespace fuzz
