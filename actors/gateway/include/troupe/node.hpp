// Systems on several machines, or several systems on one, as nodes of which each uses the others' actors.
#pragma once

#include <troupe/actor_system.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// One node, as others know it. A value: it travels in messages. `.on = peer` starts an actor there.
struct peer {
  std::uint32_t number = 0;  ///< drawn at random when the node was made
  std::string name{};
  std::string address{};  ///< where it listens: "127.0.0.1:7000"

  // NOLINTNEXTLINE(google-explicit-constructor): a peer is a place to start actors on
  operator placement() const { return {number}; }
  friend bool operator==(const peer& a, const peer& b) { return a.number == b.number; }
};

/// How a node stands, as seen from this one. A value.
struct node_status {
  enum class state : std::uint8_t {
    here,    ///< this node
    up,      ///< connected
    broken,  ///< its connection has ended, or nothing is heard of it; it is not given up yet
    down,    ///< given up: its actors have ended, as far as this node is concerned
  };
  peer who{};
  state is = state::here;
  std::string why{};  ///< of one that is down
  std::uint32_t processors = 0;
  double load = 0;                        ///< the system's load average over the last minute
  std::uint32_t actors = 0;               ///< processes of its system
  std::chrono::nanoseconds round_trip{};  ///< of the last heartbeat that was answered
  std::chrono::nanoseconds
      clock_offset{};  ///< how far its clock is ahead of this node's, give or take half a round trip
};

struct cluster_node_options {
  detail::not_from_braces only_named{};

  /// Where others reach it. Port 0: one that is free.
  std::string listen = "127.0.0.1:0";
  /// A folder with this node's certificate and key, and the certificate of the authority that it trusts: as
  /// `make_certificates` of <troupe/certificates.hpp> makes it. Then every connection is encrypted, by TLS, and made only
  /// with nodes that show a certificate of that authority. Empty: no connection is, and addresses are loopback ones.
  std::string certificates{};
  /// Addresses of nodes to join. Those that these know of are joined too.
  std::vector<std::string> join{};
  std::string name{};  ///< for people; empty: its address. Nodes of one name do not join each other

  /// How often each two nodes tell each other that they are there.
  std::chrono::milliseconds heartbeat = std::chrono::seconds{1};
  /// After so many in a row of which none was heard, a node is down. A connection that ends is made again in that time, and
  /// nothing is lost or repeated.
  std::uint32_t missed = 3;
  /// How long joining may take, and whoever connects to introduce himself: after that he is sent away.
  std::chrono::milliseconds join_timeout = std::chrono::seconds{10};
  /// What may be on its way to one node, or there without having been acknowledged. What else there is to be sent waits at
  /// those who send. More than 32 MiB is taken for that.
  std::size_t window = std::size_t{8} << 20;
};

namespace detail {
class gateway;
}

/// Makes a system a node among others, as long as it lives. An actor of its own, the gateway, carries messages between them;
/// all nodes run the same program.
///
/// `system.spawn<A>({.on = peer}, ...)` starts an actor on another node. Its handle is used as any other: it is told and
/// asked, stopped and watched, and travels in messages, as handles of this node's actors travel to others. Messages from one
/// process to one actor arrive in order, and wait where its mailbox is full, up to 1 MiB for each sender and receiver. What
/// is for processes of one machine does not travel: shared memory, locks and sentinels.
///
/// ## When nodes end
/// A node that is not heard of any more (`cluster_node_options::missed`) is down: every ask of its actors ends as `actor_down`, and
/// whoever watches one of them hears of its end, `exit_kind::node_down`. Actors that were started from a node end with it.
/// It is not taken back: its program must be started anew. The destructor takes leave of the others, who need not wait then.
///
/// Threads: any. Processes: the host, whose system it is.
class cluster_node {
 public:
  /// Listens and joins. Throws `start_failed`, stage "listen" or "join", with what is the matter: an address in use or not
  /// allowed, another build or version at the other end, nobody there. Waits.
  explicit cluster_node(actor_system& system, cluster_node_options options = {});
  ~cluster_node();
  cluster_node(const cluster_node&) = delete;
  cluster_node& operator=(const cluster_node&) = delete;

  [[nodiscard]] const peer& self() const { return self_; }
  [[nodiscard]] const std::string& address() const { return self_.address; }

  /// Itself, then all others that it has had to do with, also those that are down. Waits for a round trip to the gateway.
  [[nodiscard]] std::vector<node_status> members() const;
  /// Waits until it is no node any more, because its gateway has ended, but no longer than that. False: it still is one.
  [[nodiscard]] bool ends_within(std::chrono::milliseconds patience) const;
  /// A place for each processor of each node that is up, this one's too, or of those among them that have one of these names
  /// or addresses; dealt out in turn. What `pool_options::nodes` and `run_options::nodes` want. Waits as `members`.
  [[nodiscard]] std::vector<placement> places(const std::vector<std::string>& only = {}) const;
  /// The one that is up and has this name or address; nullopt: there is none.
  [[nodiscard]] std::optional<peer> find(std::string_view name_or_address) const;

 private:
  actor<detail::gateway> gateway_;
  peer self_;
};

}  // namespace troupe
