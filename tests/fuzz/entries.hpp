// What bytes from other processes come to, an entry for each kind. Fuzzers and the replay of the kept corpus share them: an
// entry returns, whatever it is given; what is refused is caught in it. Where there are several manners the input's length
// chooses one, so that no byte of what is kept has another meaning than it had.
#pragma once

#include <troupe/options.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace fuzz {

using bytes = std::span<const std::byte>;

/// How a channel's bytes come, and how they are read.
struct manner {
  /// `socket`: of what is in the journal the first has come in a packet, and is claimed there.
  troupe::lane way{};
  /// As an actor takes its requests, large ones where they lie; else all is copied, as for who asked.
  bool in_place = false;
};
/// The first is the one that there was before there were others.
inline constexpr manner manners[] = {{troupe::lane::ring, false},
                                     {troupe::lane::socket, false},
                                     {troupe::lane::ring, true},
                                     {troupe::lane::socket, true}};

/// What has become of a stream of frames.
struct fate_of_frames {
  int whole = 0;     ///< messages
  int in_place = 0;  ///< of them, those that were read in the journal
  bool refused = false;
};

/// A stream of frames, in a packet or in the journal. First byte: which, and whether the head is what the next 8 bytes say.
void frames(bytes input);
fate_of_frames frames(bytes input, const manner& how);
/// A packet on a control socket: the kind, then the message.
void control(bytes input);
/// A host's first words, and a guardian's answer.
void handshake(bytes input);
/// A value of one of many types: the first byte says which.
void messages(bytes input);
/// What a process that has died, or gone mad, has left of its page and of its journal. Patches: where (1 byte), offset (4),
/// length (1), bytes.
void memory(bytes input);
void memory(bytes input, const manner& how);

/// A message of another node's gateway: the kind, then what it says.
void nodes(bytes input);

/// Honest inputs, and some that are not, in a folder for each entry.
void write_seeds(const std::string& folder);

struct entry {
  std::string_view name;
  void (*run)(bytes);
};
inline constexpr entry entries[] = {{"frames", frames},     {"control", control}, {"handshake", handshake},
                                    {"messages", messages}, {"memory", memory},   {"nodes", nodes}};

}  // namespace fuzz
