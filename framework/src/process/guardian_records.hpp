// What the guardian knows of its clients: their channels, and of actors how they were started and how they end.
#pragma once

#include <troupe/detail/endpoint.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/hang.hpp>
#include <troupe/options.hpp>

#include "channel/journal.hpp"
#include "channel/kept_journals.hpp"
#include "channel/page.hpp"
#include "platform/descriptor.hpp"
#include "platform/limits.hpp"
#include "platform/process.hpp"
#include "process/control.hpp"
#include "process/control_link.hpp"
#include "process/output_collector.hpp"
#include "process/readiness.hpp"

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::process_layer {

/// A process that speaks the control protocol: the host (id 0), or an actor. Guardian's thread only.
struct client {
  std::uint32_t id = 0;
  control_link link;
  std::unique_ptr<readiness> ready;  // behind `link`, so that it ends first
  struct queued {
    encoded_message message;
    std::vector<platform::descriptor> descriptors;
  };
  std::deque<queued> outgoing;              // what a full socket did not take
  std::deque<std::function<void()>> later;  ///< behind that: news of new channels, which hold descriptors
  bool stop_was_told = false;  ///< the first stop counts: a client that does not read is not sent another
  platform::descriptor page;
  /// What it has written there: mapped where it is looked at first, and then kept. Throws `std::system_error`.
  [[nodiscard]] const channel::peer_page& look() const {
    return seen ? *seen : seen.emplace(channel::peer_page::of_own_making(page));
  }
  mutable std::optional<channel::peer_page> seen;
  std::set<std::uint32_t> free_slots;
  std::uint32_t next_slot = 0;

  using journals = std::shared_ptr<const channel::kept_journals>;
  /// A channel's end at this client.
  struct channel_end {
    std::uint32_t slot = 0;  ///< in its page; free again only when the client has read everything and says so
    journals kept;           ///< of both ends: what was accepted outlives them
    channel::direction outgoing{};  ///< which of them this client writes
    bool is_attached = true;        ///< not: its process has died, and the next one has not been told of it
  };
  std::multimap<std::uint32_t, channel_end> channels;  // by the peer's id

  /// A channel whose other end is gone for good, and of which not everything has been handled. Only of clients that are
  /// started again: kept until they say that it has been.
  struct orphan {
    std::uint32_t peer = 0;
    std::uint32_t slot = 0;
    std::uint32_t peer_slot = 0;
    journals kept;
    channel::direction outgoing{};
    platform::descriptor peer_page;
    std::string peer_name;
    std::int32_t peer_pid = 0;
    exit_status peer_status;
  };
  std::vector<orphan> orphans;
};

/// An actor as the guardian knows it.
struct actor_record {
  detail::actor_ref ref;
  std::string name;
  std::uint32_t owner = 0;     ///< the client that spawned it
  std::uint32_t depth = 1;     ///< how many owners it has, the host included
  std::uint32_t eviction = 0;  ///< the one that it ends by; 0: none
  std::uint64_t group = 0;     ///< that it is a member of; 0: none
  client control;
  pid_t pid = 0;           ///< 0 until there is a process
  bool is_reaped = false;  ///< the number may be another's
  /// How its last process ended, where another is to come.
  struct last_end {
    pid_t pid = 0;
    exit_status status;
  } last;
  std::set<std::uint32_t> watchers;
  std::size_t mailbox_bytes = 0;
  std::size_t mailbox_messages = 0;
  troupe::lane lane{};
  std::optional<failed> exception;
  std::optional<std::string> escalated;  ///< why it is killed, where a group of its own has ended
  std::shared_ptr<output_collector> output;
  std::shared_ptr<output_collector> errors;
  platform::limits limits;
  bool has_started = false;                        ///< it has entered, and its spawner knows it
  bool is_restarting = false;                      ///< its process has died, and there is no other yet
  bool was_killed = false;                         ///< by the end of others, after the grace
  std::optional<std::chrono::milliseconds> grace;  ///< its own, where others are the reason that it is to end
  std::unique_ptr<boost::asio::steady_timer> grace_timer;
  hang_policy hangs;
  std::unique_ptr<boost::asio::steady_timer> hang_timer;
  std::int64_t running_since = 0;  ///< monotonic nanoseconds: when its process had entered
  std::int64_t silent_since = 0;   ///< nothing has been taken, though something waits; 0: that is not so
  std::uint64_t handled_then = 0;  ///< at the last look
  std::int64_t hang_told = 0;      ///< when that began which has been told last
  std::optional<std::chrono::milliseconds> killed_as_hung;  ///< how long it had hung
  /// Messages, by slot and sequence, that it died over and that are reported as dead letters already.
  std::set<std::pair<std::uint32_t, std::uint64_t>> given_up;
};

/// What is remembered of an actor that has ended.
struct ended_record {
  detail::actor_ref ref;
  std::string name;
  std::int32_t pid = 0;
  exit_status status;
};

}  // namespace troupe::process_layer
