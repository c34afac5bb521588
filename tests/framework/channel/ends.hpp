// Both ends of a channel in one process.
#pragma once

#include "channel/channel.hpp"

#include <catch2/catch.hpp>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

namespace ends {

namespace ch = troupe::channel;
namespace platform = troupe::platform;

inline constexpr ch::slot slot_of_a{3}, slot_of_b{5};

/// The memory and the sockets of a channel, as the guardian keeps duplicates of them.
struct parts {
  explicit parts(std::size_t bytes = 128 * 1024, std::size_t messages = 1000,
                 troupe::lane way = troupe::lane::automatic)
      : page_a{ch::page::create()},
        page_b{ch::page::create()},
        journals{ch::create_journals(bytes, messages, way)} {
    std::tie(socket_a, socket_b) = platform::packet_pair();
  }
  ch::channel_parts for_a() {
    return {std::move(socket_a),
            journals.duplicate(),
            page_b.duplicate(),
            ch::direction::forth,
            slot_of_a,
            slot_of_b,
            2};
  }
  ch::channel_parts for_b() {
    return {std::move(socket_b),
            journals.duplicate(),
            page_a.duplicate(),
            ch::direction::back,
            slot_of_b,
            slot_of_a,
            1};
  }

  /// What `a` sends, as somebody else sees it who may write there.
  [[nodiscard]] ch::journal forth() const {
    return {journals, ch::direction::forth, platform::access::read_write};
  }

  platform::descriptor page_a, page_b, journals, socket_a, socket_b;
};

/// `a` sends, `b` receives.
struct pair : parts {
  using parts::parts;
  ch::page own_a{page_a}, own_b{page_b};
  ch::channel a{own_a, for_a()}, b{own_b, for_b()};
  std::vector<ch::message> came;

  /// Takes in what has arrived at `b`; the number of messages.
  std::size_t receive() {
    const auto before = came.size();
    b.pump([this](ch::message&& one) { came.push_back(std::move(one)); });
    return came.size() - before;
  }
  void finish(std::size_t index) { b.publish_finished({came[index].frame.header.sequence, came[index].end}); }
  void finish_all() { finish(came.size() - 1); }
};

/// Appends a string as a message's only value.
inline bool append(ch::channel& to, const std::string& text, std::uint64_t method = 0) {
  const std::tuple<const std::string&> values{text};
  return to.append({troupe::wire::frame_kind::tell, method, 0}, troupe::detail::body_of(values));
}

inline std::string text_of(const ch::message& one) {
  troupe::detail::byte_reader in{one.frame.payload, nullptr};
  return troupe::detail::decode<std::string>(in);
}

}  // namespace ends
