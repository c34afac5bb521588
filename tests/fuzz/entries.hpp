// What bytes from other processes come to, an entry for each kind. Fuzzers and the replay of the kept corpus share them: an
// entry returns, whatever it is given; what is refused is caught in it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace fuzz {

using bytes = std::span<const std::byte>;

/// A stream of frames, in a packet or in the journal. First byte: which, and whether the head is what the next 8 bytes say.
void frames(bytes input);
/// A packet on a control socket: the kind, then the message.
void control(bytes input);
/// A host's first words, and a guardian's answer.
void handshake(bytes input);
/// A value of one of many types: the first byte says which.
void messages(bytes input);
/// What a process that has died, or gone mad, has left of its page and of its journal. Patches: where (1 byte), offset (4),
/// length (1), bytes.
void memory(bytes input);

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
