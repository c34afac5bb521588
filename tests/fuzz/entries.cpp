#include "fuzz/entries.hpp"

#include <troupe/errors.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/failure.hpp>
#include <troupe/packed.hpp>

#include "channel/kept_journals.hpp"
#include "framework/channel/ends.hpp"
#include "process/control_link.hpp"
#include "wire/problem.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace fuzz {
namespace {

namespace ch = troupe::channel;
namespace control_layer = troupe::process_layer;
namespace platform = troupe::platform;

constexpr std::size_t journal_size = std::size_t{128} << 10, journal_messages = 1000;
constexpr std::size_t most_in_a_packet = std::size_t{8} << 10;

/// Takes values off the front; zeros where there is nothing left.
class reader {
 public:
  explicit reader(bytes input) : left_{input} {}
  template <class T>
  T next() {
    T value{};
    const auto given = take(sizeof value);
    if (!given.empty()) std::memcpy(&value, given.data(), given.size());
    return value;
  }
  bytes take(std::size_t size) {
    const auto given = left_.first(std::min(size, left_.size()));
    left_ = left_.subspan(given.size());
    return given;
  }
  [[nodiscard]] bytes rest() const { return left_; }

 private:
  bytes left_;
};

/// Looks at every byte that a handler would be handed.
void look_at(bytes payload) {
  volatile unsigned char last{};
  for (const auto byte : payload) last = std::to_integer<unsigned char>(byte);
  static_cast<void>(last);
}

/// False where it was.
template <class Use>
bool unless_refused(Use use) {
  try {
    use();
    return true;
  } catch (const troupe::error&) {
    return false;
  } catch (const std::system_error&) {
    return false;
  }
}

const manner& manner_for(bytes input) { return manners[input.size() / 2 % std::size(manners)]; }

/// In place as an actor does that has been woken: what the journal has, then what the socket has and what that lets through.
template <class Sink>
void take_in(ch::channel& receiver, bool in_place, const Sink& sink) {
  if (!in_place) {
    receiver.pump([&](ch::message&& one) { sink(one); });
    return;
  }
  receiver.keep_in_place();
  const auto take_all = [&] {
    for (ch::message one; receiver.next(one); one = {}) sink(one);
  };
  take_all();
  receiver.read_packets();
  take_all();
}

void look_at_payload(const ch::message& one) { look_at(one.frame.payload); }

/// What is changed where it was written shows.
bool lies_in(const ch::journal& written, const ch::message& one) {
  const auto& header = one.frame.header;
  if (one.frame.payload.empty()) return false;
  const auto begin = one.end - troupe::wire::frame_size(header.words, header.length) + sizeof header +
                     troupe::wire::words_size(header.words);
  auto& first = written.at(begin, 1).front();
  const auto before = one.frame.payload.front();
  first ^= std::byte{0xff};
  const bool shows = one.frame.payload.front() != before;
  first ^= std::byte{0xff};
  return shows;
}

// --- Messages -------------------------------------------------------------------------------------------------------------

enum class colour : std::uint8_t { red, green };
struct nested {
  std::string text;
  std::map<std::string, std::vector<std::pair<int, std::optional<double>>>> table;
  std::vector<std::set<std::string>> sets;
  std::tuple<bool, std::array<short, 3>> rest;
  colour shade{};
};

using all_types =
    std::tuple<nested, std::string, std::vector<std::string>, std::vector<double>, std::vector<bool>,
               std::map<int, std::string>, std::unordered_map<std::string, int>, std::set<std::string>,
               std::list<std::optional<std::string>>, std::variant<int, std::string, std::vector<char>>,
               std::chrono::nanoseconds, std::filesystem::path, std::array<std::vector<int>, 2>, bool,
               std::tuple<>, std::optional<std::vector<std::pair<colour, std::string>>>, troupe::exit_status,
               troupe::failure, troupe::wire::problem>;

/// What can be read can be written, and then read to the same end.
template <class T>
void read_as(bytes input) {
  const auto once = troupe::pack(troupe::unpack<T>(input));
  constexpr bool has_order = !std::is_same_v<T, std::unordered_map<std::string, int>>;
  if (troupe::pack(troupe::unpack<T>(once)) != once && has_order) std::abort();
}

template <std::size_t... N>
void read_as(std::size_t which, bytes input, std::index_sequence<N...>) {
  static_cast<void>(((which == N && (read_as<std::tuple_element_t<N, all_types>>(input), true)) || ...));
}

// --- Control --------------------------------------------------------------------------------------------------------------

template <class... Message>
struct kinds {
  /// Some kinds are one message on the way to the guardian, and another from there on.
  static void read(const control_layer::control_message& came) { (read_as_one<Message>(came), ...); }

 private:
  template <class One>
  static void read_as_one(const control_layer::control_message& came) {
    if (came.kind() == One::kind) unless_refused([&] { static_cast<void>(came.as<One>()); });
  }
};
using all_kinds =
    kinds<control_layer::hello, control_layer::ready, control_layer::spawn, control_layer::spawned,
          control_layer::refused, control_layer::connect, control_layer::connected, control_layer::accepted,
          control_layer::watch, control_layer::watching, control_layer::down, control_layer::stop,
          control_layer::stop_after, control_layer::signal, control_layer::failed, control_layer::shutdown,
          control_layer::stopped, control_layer::release, control_layer::start, control_layer::fork,
          control_layer::forked, control_layer::list, control_layer::listed, control_layer::blocked,
          control_layer::inquire, control_layer::standing, control_layer::deadlocked, control_layer::execute,
          control_layer::entered, control_layer::loaded, control_layer::preload, control_layer::preloaded,
          control_layer::cancel, control_layer::cancel_call, control_layer::interrupted,
          control_layer::reattached, control_layer::unhandled, control_layer::escalated,
          control_layer::hangs>;

/// By a socket, as it would come.
void receive_packet(bytes packet, const std::function<void(const control_layer::control_message&)>& use) {
  auto [ours, its] = platform::packet_pair();
  const control_layer::control_link link{std::move(ours)};
  if (packet.empty() || platform::send_packet(its.get(), {packet}) != platform::send_result::sent) return;
  control_layer::control_message came;
  if (link.receive(came) == control_layer::control_link::state::message) use(came);
}

// --- Memory ---------------------------------------------------------------------------------------------------------------

/// Some messages on their way from `a` to `b`, some of them handled; the last two of them large, where those are read in place.
void converse(ends::pair& both, bool in_place) {
  for (int n = 0; n < 8; ++n) ends::append(both.a, std::string(static_cast<std::size_t>(10 * n), 'x'));
  if (in_place) {
    both.b.keep_in_place();
    for (const std::size_t size : {9000U, 20'000U}) ends::append(both.a, std::string(size, 'x'));
  }
  both.a.publish();
  both.a.push();
  both.receive();
  both.finish(3);
  both.own_b.begin(ends::slot_of_b, 5, 1, 0);
}

void patch(bytes input, const platform::descriptor& memory, std::size_t from, std::uint32_t offset) {
  const auto size = platform::memory_size(memory);
  const auto at = from + offset % (size - from);
  const auto mapped = platform::mapping::map(memory, platform::access::read_write, 0, size);
  const auto room = mapped.bytes().subspan(at);
  std::copy_n(input.begin(), std::min(input.size(), room.size()), room.begin());
}

/// Where patches go: what matters of the pages is a small part of them.
void apply_patches(reader input, const ends::parts& of) {
  constexpr auto record_of = [](ch::slot where) {
    return offsetof(ch::page_memory, channels) +
           static_cast<std::size_t>(where) * sizeof(ch::channel_entries);
  };
  constexpr auto begun_of = [](ch::slot where) {
    return offsetof(ch::page_memory, begun) + static_cast<std::size_t>(where) * sizeof(std::uint64_t);
  };
  while (!input.rest().empty()) {
    const auto where = input.next<std::uint8_t>();
    const auto offset = input.next<std::uint32_t>();
    const auto what = input.take(input.next<std::uint8_t>());
    const auto& page = where % 2 == 0 ? of.page_a : of.page_b;
    const auto slot = where % 2 == 0 ? ends::slot_of_a : ends::slot_of_b;
    switch (where / 2 % 6) {
      case 0: patch(what, page, 0, offset % offsetof(ch::page_memory, begun)); break;
      case 1: patch(what, page, record_of(slot), offset % sizeof(ch::channel_entries)); break;
      case 2: patch(what, page, begun_of(slot), offset % sizeof(std::uint64_t)); break;
      case 3: patch(what, of.journals, 0, offset % sizeof(ch::journals_front)); break;
      case 4: patch(what, of.journals, ch::rings_begin, offset % 1024); break;
      default: patch(what, of.journals, 0, offset); break;
    }
  }
}

/// As whoever takes the dead process's place does, and the guardian.
void go_on_with(ends::parts& from, bool peer_has_died, bool in_place) {
  constexpr std::uint32_t epoch = 7;
  ch::page own{from.page_b};
  own.begin_again();
  std::tie(from.socket_a, from.socket_b) = platform::packet_pair();
  auto parts = from.for_b();
  parts.epoch = epoch;
  parts.peer_has_died = peer_has_died;
  unless_refused([&] {
    const auto peer = ch::peer_page::of_own_making(from.page_a);
    ch::begin_journal_at(from.journals, ch::direction::forth, own.finished(ends::slot_of_b).position, epoch);
    ch::begin_journal_at(from.journals, ch::direction::back, peer.finished(ends::slot_of_a).position, epoch);
    ch::channel receiver{own, std::move(parts)};
    take_in(receiver, in_place, look_at_payload);
    ends::append(receiver, "answer");
    receiver.publish();
    receiver.push();
    own.begin(ends::slot_of_b, own.begun(ends::slot_of_b) + 1, 1, 0);
    own.commit();
    receiver.drain([](ch::message&& one) { look_at(one.frame.payload); });
  });
}

void account_for(const ends::parts& of) {
  const auto mine = ch::peer_page::of_own_making(of.page_a), its = ch::peer_page::of_own_making(of.page_b);
  for (const auto& each : its.running()) static_cast<void>(its.has_begun(each.channel, each.sequence));
  unless_refused([&] {
    const ch::kept_journals kept{of.journals, false};
    kept.for_each_unread(ch::direction::forth, its.finished(ends::slot_of_b), mine.head(ends::slot_of_a),
                         [](const troupe::wire::frame& one) { look_at(one.payload); });
  });
}

}  // namespace

fate_of_frames frames(bytes input, const manner& how) {
  reader in{input};
  const auto first = in.next<std::uint8_t>();
  const auto wild = first % 4 == 3 ? in.next<std::uint64_t>() : 0;
  const auto stream = in.rest().first(std::min<std::size_t>(in.rest().size(), 60'000));
  ends::parts memory{journal_size, journal_messages, how.way};
  ch::page own_a{memory.page_a}, own_b{memory.page_b};
  const auto socket = memory.socket_a.duplicate();
  const auto forth = memory.forth();
  const auto send = [&](bytes some) {
    const std::array<std::uint64_t, 2> header{1, 0};
    static_cast<void>(platform::send_packet(socket.get(), {std::as_bytes(std::span{header}), some}));
  };
  ch::channel receiver{own_b, memory.for_b()};
  if (first % 2 == 0) {
    send(stream);
  } else {
    std::copy(stream.begin(), stream.end(), forth.at(0, stream.size()).begin());
    own_a.publish_head(ends::slot_of_a, first % 4 == 3 ? wild : stream.size());
    if (how.way == troupe::lane::socket) {
      const auto sent = stream.first(std::min(stream.size() / 2, most_in_a_packet));
      forth.header().sent.store(sent.size());
      send(sent);
    }
  }
  fate_of_frames seen;
  seen.refused = !unless_refused([&] {
    take_in(receiver, how.in_place, [&](const ch::message& one) {
      look_at_payload(one);
      ++seen.whole;
      seen.in_place += lies_in(forth, one) ? 1 : 0;
    });
  });
  return seen;
}

void frames(bytes input) { frames(input, manner_for(input)); }

void control(bytes input) {
  unless_refused([&] { receive_packet(input, [](const auto& came) { all_kinds::read(came); }); });
}

void handshake(bytes input) {
  struct beginning {
    std::uint32_t version = 0;
  };
  unless_refused([&] {
    receive_packet(input, [](const auto& came) {
      if (came.kind() == control_layer::control_kind::hello) {
        if (came.template as<beginning>().version == control_layer::control_version)
          static_cast<void>(came.template as<control_layer::hello>());
      } else if (came.kind() == control_layer::control_kind::ready) {
        static_cast<void>(came.template as<control_layer::ready>());
      } else {
        static_cast<void>(came.template as<control_layer::refused>());
      }
    });
  });
}

void messages(bytes input) {
  reader in{input};
  constexpr auto count = std::tuple_size_v<all_types>;
  const auto which = in.next<std::uint8_t>() % count;
  unless_refused([&] { read_as(which, in.rest(), std::make_index_sequence<count>{}); });
}

void memory(bytes input, const manner& how) {
  ends::pair both{journal_size, journal_messages, how.way};
  converse(both, how.in_place);
  apply_patches(reader{input}, both);
  account_for(both);
  go_on_with(both, input.size() % 2 == 1, how.in_place);
}

void memory(bytes input) { memory(input, manner_for(input)); }

}  // namespace fuzz
