#include <troupe/packed.hpp>

#include "fuzz/entries.hpp"
#include "node_frames.hpp"
#include "process/control_link.hpp"
#include "wire/frame.hpp"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <type_traits>
#include <vector>

namespace fuzz {
namespace {

using content = std::vector<std::byte>;

void add(content& to, bytes more) { to.insert(to.end(), more.begin(), more.end()); }
template <class T>
requires std::is_trivially_copyable_v<T>
void add(content& to, T value) { add(to, std::as_bytes(std::span{&value, 1})); }

class folder {
 public:
  folder(const std::string& in, std::string_view entry) : path_{std::filesystem::path{in} / entry} {
    std::filesystem::create_directories(path_);
  }
  void write(const content& what) {
    std::ofstream file{path_ / ("seed-" + std::to_string(++number_)), std::ios::binary};
    file.write(reinterpret_cast<const char*>(what.data()), static_cast<std::streamsize>(what.size()));
  }

 private:
  std::filesystem::path path_;
  int number_ = 0;
};

void write_frames(folder& to) {
  for (std::uint8_t how = 0; how < 4; ++how) {
    content all{std::byte{how}};
    if (how == 3) add(all, std::uint64_t{96});
    for (std::uint64_t sequence = 1; sequence <= 4; ++sequence) {
      troupe::wire::frame one;
      one.header.kind = static_cast<troupe::wire::frame_kind>(sequence);
      one.header.words = static_cast<std::uint8_t>(sequence == 2 ? troupe::wire::call_word : 0);
      one.header.sequence = sequence;
      one.header.length = static_cast<std::uint32_t>(8 * sequence);
      content frame(troupe::wire::frame_size(one.header.words, one.header.length));
      troupe::wire::write_frame(frame, one);
      add(all, frame);
    }
    to.write(all);
  }
}

/// A large request of which only the header is not zero, and a little more, so that the length of all chooses the manner.
void write_large_frames(folder& to) {
  constexpr std::uint8_t in_journal_with_head = 3;
  for (const std::size_t more : {4U, 6U}) {
    for (const auto kind : {troupe::wire::frame_kind::tell, troupe::wire::frame_kind::reply}) {
      troupe::wire::frame one;
      one.header.kind = kind;
      one.header.sequence = 1;
      one.header.length = 20'000;
      content all{std::byte{in_journal_with_head}};
      add(all, std::uint64_t{troupe::wire::frame_size(0, one.header.length)});
      add(all, one.header);
      all.resize(all.size() + more);
      to.write(all);
    }
  }
}

template <class... Message>
void write_control(folder to, const Message&... message) {
  (to.write(troupe::process_layer::encode_message(message).bytes), ...);
}

void write_messages(folder to) {
  for (std::uint8_t which = 0; which < 20; ++which) {
    content all{std::byte{which}};
    for (std::uint8_t n = 0; n < 24; ++n) all.push_back(std::byte(n % 4 == 0 ? 1 : 0));
    to.write(all);
  }
}

void write_memory(folder to) {
  for (std::uint8_t where = 0; where < 12; ++where) {
    content all;
    for (const std::uint32_t offset : {0U, 8U, 16U, 64U}) {
      all.push_back(std::byte{where});
      add(all, offset);
      all.push_back(std::byte{8});
      add(all, std::uint64_t{offset * 1000});
    }
    to.write(all);
  }
  // Another length of the first message that is read in place, behind eight small ones.
  constexpr std::uint8_t in_ring = 8;
  constexpr std::uint32_t first = 624;
  for (const std::size_t more : {2U, 4U}) {
    for (const std::uint32_t length : {8'184U, 30'000U, 0xffff'ffffU}) {
      content all{std::byte{in_ring}};
      add(all, first);
      all.push_back(std::byte{sizeof length});
      add(all, length);
      all.resize(all.size() + more);
      to.write(all);
    }
  }
}

void write_nodes(folder to) {
  using namespace troupe::detail;
  const auto write = [&](message_kind kind, const auto&... value) {
    content all{std::byte{static_cast<std::uint8_t>(kind)}};
    (add(all, std::span<const std::byte>{troupe::pack(value)}), ...);
    to.write(all);
  };
  greeting who;
  who.build = "0123abcd";
  who.number = 7;
  who.members = {"127.0.0.1:7000", "127.0.0.1:7001"};
  write(message_kind::hello, greeting_start{}, who);
  write(message_kind::welcome, greeting_start{}, who);
  write(message_kind::refuse, std::string{"the programs differ"});
  write(message_kind::pulse, pulse{});
  for (std::uint8_t kind = 1; kind <= 13; ++kind) {
    const auto order = troupe::pack(spawn_order{});
    frame_head head;
    head.kind = frame_kind{kind};
    head.id = 2;
    head.length = static_cast<std::uint32_t>(order.size());
    write(message_kind::batch, batch_head{1, 0}, head, spawn_order{});
  }
  // A frame with a copy of a shared buffer before its values.
  const auto begin = troupe::pack(std::pair{std::uint64_t{4}, false});
  frame_head with_copy;
  with_copy.kind = frame_kind::tell;
  with_copy.copies = 1;
  with_copy.length = static_cast<std::uint32_t>(begin.size() + 8);
  write(message_kind::batch, batch_head{1, 0}, with_copy, std::pair{std::uint64_t{4}, false},
        std::uint64_t{7});
  for (const std::uint64_t how : {0U, 1U, 2U, 3U, 4U, 5U}) {
    const auto end = how == 2 ? troupe::pack(end_of_call{}) : troupe::pack(std::string{"text"});
    frame_head head;
    head.kind = frame_kind::reply;
    head.method = how;
    head.length = static_cast<std::uint32_t>(end.size());
    if (how == 2) {
      write(message_kind::batch, batch_head{1, 0}, head, end_of_call{});
    } else if (how == 5) {
      head.length = static_cast<std::uint32_t>(troupe::pack(foreign_exception{}).size());
      write(message_kind::batch, batch_head{1, 0}, head, foreign_exception{});
    } else {
      write(message_kind::batch, batch_head{1, 0}, head, std::string{"text"});
    }
  }
}

}  // namespace

void write_seeds(const std::string& in) {
  using namespace troupe::process_layer;
  folder frames{in, "frames"};
  write_frames(frames);
  write_large_frames(frames);
  spawn wanted;
  wanted.name = "name";
  wanted.arguments.assign(20, 7);
  start order;
  order.name = "name";
  accepted channel;
  channel.unfinished.push_back({5, 1, true});
  interrupted end;
  end.again = {1, 2, 3};
  write_control({in, "control"}, hello{}, wanted, order, channel, end, down{}, stopped{}, listed{}, execute{},
                standing{}, unhandled{}, refused{}, failed{}, blocked{});
  hello other;
  other.version = 1;
  other.modules = {"one", "two"};
  hello with_modules = other;
  with_modules.version = control_version;
  write_control({in, "handshake"}, hello{}, other, with_modules, ready{}, refused{});
  write_messages({in, "messages"});
  write_memory({in, "memory"});
  write_nodes({in, "nodes"});
}

}  // namespace fuzz
