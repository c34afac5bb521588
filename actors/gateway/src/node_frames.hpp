// What travels between gateways.
//
//   message   kind (u8), then by kind:
//     hello, welcome    greeting
//     refuse, leave     text
//     pulse             pulse
//     batch             batch_head, then frames: frame_head, then `length` bytes each
#pragma once

#include <troupe/errors.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/options.hpp>
#include <troupe/packed.hpp>
#include <troupe/remote.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::detail {

/// Of all this. First in a greeting, whatever else changes.
inline constexpr std::uint32_t node_protocol = 2;
inline constexpr std::uint64_t greeting_mark = 0x65646f6e65707574;  // "tupenode"

enum class message_kind : std::uint8_t { hello = 1, welcome, refuse, leave, pulse, batch };

struct greeting_start {
  std::uint64_t mark = greeting_mark;
  std::uint32_t version = node_protocol;
};
struct greeting {
  std::string build{};
  std::uint32_t number = 0;
  std::uint64_t incarnation =
      0;  ///< of the node: another program that runs under the same number has another
  std::string name{};
  std::string address{};
  std::int64_t clock = 0;  ///< nanoseconds since 1970
  std::uint32_t processors = 0;
  std::uint64_t received = 0;  ///< the last of your batches that is here
  std::vector<std::string> members{};
};

struct pulse {
  std::uint64_t received = 0;
  std::int64_t stamp = 0;  ///< the sender's monotonic clock
  std::int64_t echo = 0;   ///< the last stamp that came; 0: none
  std::int64_t held = 0;   ///< how long ago
  std::int64_t clock = 0;
  std::uint32_t actors = 0;
  double load = 0;
};

struct batch_head {
  std::uint64_t sequence = 0;
  std::uint64_t received = 0;
};

enum class frame_kind : std::uint8_t {
  tell = 1,
  ask,
  mark,  ///< answered once all before it is in the mailbox
  stop,
  signal,  ///< `method` is its number
  watch,   ///< answered by the end; to the gateway here `method` is the asker's number
  pid,
  spawn,   ///< to the gateway here `method` is 1 where the actor is to come back
  cancel,  ///< nobody wants the answer of `call`
  abort,   ///< nor that its handler goes on
  reply,   ///< `method` is the outcome
  part,    ///< the next frame's bytes begin with these
  begun,  ///< answered by whether the handler of call `method` has begun; to the gateway here that is the call's label
};

struct frame_head {
  frame_kind kind{};
  std::uint32_t id = 0;
  std::uint64_t key = 0;
  std::uint64_t method = 0;
  std::uint64_t call = 0;
  std::uint32_t length = 0;
  std::uint8_t copies = 0;        ///< of shared buffers, that the bytes begin with
  std::uint16_t incarnation = 0;  ///< of the process that answers

  [[nodiscard]] remote::address target() const { return {id, 0, key}; }
};
inline constexpr std::size_t frame_head_size = 36;
inline constexpr std::size_t longest_frame = std::size_t{1} << 30;

/// How a call ended. The bytes are: of a value copies, then values; else what is said here.
enum class outcome : std::uint8_t {
  value,
  failure,    ///< a `troupe::failure`
  down,       ///< `end_of_call`
  cancelled,  ///< a text
  start,      ///< `start_failed`: stage, why
  foreign,    ///< `foreign_exception`
};
struct answer_head {
  outcome how = outcome::value;
  std::uint8_t copies = 0;  ///< as in a frame
  std::uint16_t incarnation = 0;
  std::uint32_t node =
      0;  ///< of who answers, where that is not the one that was asked; never sent to other nodes
};
struct answer_form {
  answer_head head{};
  packed_bytes bytes{};
};
/// An exception of a type that only its thrower has.
struct foreign_exception {
  std::string actor{};
  std::string type{};
  std::string text{};
  std::vector<std::pair<std::string, std::string>> nested{};  ///< type and text
};
struct end_of_call {
  std::string actor{};
  call_fate fate{};
  exit_status status{};
};

struct spawn_order {
  std::uint64_t entry = 0;
  std::string default_name{};
  std::string name{};
  std::uint64_t mailbox_messages = 0;
  std::uint64_t mailbox_bytes = 0;
  std::optional<troupe::lane> lane{};
  std::uint32_t in_flight = 0;
  std::optional<start_method> start{};
  resource_limits limits{};
  restart_policy restart{};
  std::uint32_t max_attempts = 1;
  hang_policy on_hang{};
  std::optional<std::chrono::milliseconds> grace{};
  packed_bytes arguments{};
  std::uint8_t copies = 0;  ///< that the arguments begin with
};
struct spawn_result {
  std::uint32_t id = 0;
  std::uint32_t node = 0;
  std::uint64_t key = 0;
  std::string name{};
};

/// What ended a call, as it travels; `read_answer` throws it again, and leaves the reader at the value's bytes else.
[[nodiscard]] answer_form describe_end(const std::exception_ptr& problem);
void read_answer(remote::raw_reader& in, outcome how, const std::string& actor);

}  // namespace troupe::detail
