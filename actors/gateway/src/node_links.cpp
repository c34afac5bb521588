#include "node_links.hpp"

#include <troupe/switched_off.hpp>

#include "certificate_files.hpp"
#include "node_connections.hpp"
#include "tls_events.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#if CAF_VERSION < 1700 || CAF_VERSION >= 1800
#error "troupe::node: this version of CAF is not known yet; what differs is in this file"
#endif

namespace troupe::detail {
namespace {

using connected_atom = caf::atom_constant<caf::atom("connected")>;
using failed_atom = caf::atom_constant<caf::atom("failed")>;
constexpr std::size_t per_message = 256;  // what one takes beside its bytes until it is handled

struct settings : caf::actor_system_config {
  explicit settings(const std::filesystem::path& certificates) {
    load<caf::io::middleman>();
    if (!certificates.empty()) {
      load<caf::openssl::manager>();
      openssl_certificate = certificates / own_certificate;
      openssl_key = certificates / own_key;
      openssl_cafile = certificates / trusted_authority;
    }
    set("scheduler.policy", caf::atom("sharing"));  // the default one sleeps between tries
    set("scheduler.max-threads", 1);
    set("logger.verbosity", caf::atom("quiet"));
    set("middleman.app-identifiers", std::vector<std::string>{"troupe"});
  }
};

std::string cannot_connect(const caf::error& problem, bool uses_tls) {
  const auto& details = problem.context();
  if (details.match_elements<std::string, std::string, std::uint16_t>() &&
      details.get_as<std::string>(0) == "no such host")
    return "this machine knows no host named '" + details.get_as<std::string>(1) +
           "': correct the name, or give its address as numbers";
  if (uses_tls && details.empty())
    return "what listens there is no node, or has no certificates: both ends need them";
  return "nobody listens there: is a node started at that address?";
}

// Of TLS 1.3 the one that is refused may hear no word of it: its first message has crossed the refusal, and the kernel
// drops what has not been read of a connection that is reset.
std::string describe(const caf::actor_system& system, const caf::error& problem, bool uses_tls) {
  if (problem == caf::sec::cannot_connect_to_node) return cannot_connect(problem, uses_tls);
  if (problem == caf::sec::malformed_basp_message || problem == caf::sec::serializing_basp_payload_failed)
    return "what listens there is no node: it speaks something else (where one end has certificates, both "
           "need "
           "them)";
  if (problem == caf::sec::incompatible_application_ids)
    return "what listens there is no node: it is another program that uses CAF";
  if (problem == caf::sec::disconnect_during_handshake)
    return uses_tls ? "it ended the connection at once: it does not accept this node's certificate, or has "
                      "none itself"
                    : "it ended the connection at once (where one end has certificates, both need them)";
  return system.render(problem);
}

}  // namespace

struct links::inside {
  inside(listener to, const std::string& certificates)
      : uses_tls{!certificates.empty()}, options{new settings{certificates}}, listens{std::move(to)} {}

  const bool uses_tls;
  // Both are never destroyed: to end them would wait for attempts to connect, which have no end of their own.
  caf::actor_system_config* const options;
  caf::actor_system* const system = new caf::actor_system{*options};
  caf::actor bridge;
  std::shared_ptr<connections> below;

  std::mutex
      mutex;  // of everything below; held while the listener is called, so that it ends with the object
  listener listens;
  bool is_over = false;
  struct other {
    caf::actor gateway;
    std::size_t unhandled = 0;
  };
  std::uint64_t last_link = 0;
  std::map<std::uint64_t, other> peers;
  std::map<caf::actor_addr, std::uint64_t> numbers;  // 0: dropped, and not ended yet
  std::set<std::uint64_t> flooded;                   // and not dropped yet
  char farewell = 0;
  std::map<std::uint16_t, std::string> refusals;  // of connections that this end makes, by the other's port
  std::set<std::uint64_t> said_nothing;           // since the farewell
  bool has_written = false;
  std::condition_variable heard;

  // With the mutex held.
  std::uint64_t number_of(caf::event_based_actor* self, const caf::actor& peer) {
    const auto [place, is_new] = numbers.try_emplace(peer.address(), last_link + 1);
    if (is_new) {
      peers[++last_link] = {peer};
      self->monitor(peer);
    }
    return place->second;
  }
  // What CAF's threads hand over is bounded by nothing else. Returns last words for who sends too much.
  std::optional<std::string> take(std::uint64_t link, std::string&& message) {
    const auto from = peers.find(link);
    if (from == peers.end()) return std::nullopt;
    if (!message.empty() && message.front() == farewell) no_more_of(link);
    if (is_over || flooded.contains(link)) return std::nullopt;
    from->second.unhandled += message.size() + per_message;
    if (from->second.unhandled <= most_unhandled || switched_off("node_floods")) {
      listens.received(link, std::move(message));
      return std::nullopt;
    }
    flooded.insert(link);
    return listens.flooded(link);
  }
  void hear(const tls_alert& alert) {
    if (!alert.was_accepted) {
      refusals[alert.port] = alert.what;
    } else {
      refuse(
          alert.host.empty() ? "somebody who has gone by now" : alert.host + ":" + std::to_string(alert.port),
          alert.what);
    }
  }
  void refuse(const std::string& who, const std::string& why) {
    if (!is_over && listens.refused) listens.refused(who, why);
  }
  std::string refusal_of(std::uint16_t port, const std::string& otherwise) {
    const std::lock_guard lock{mutex};
    const auto known = refusals.extract(port);
    return known.empty() ? otherwise : known.mapped();
  }
  void no_more_of(std::uint64_t link) {
    said_nothing.erase(link);
    heard.notify_all();
  }
  void forget(const caf::actor_addr& peer, const std::string& why) {
    const auto place = numbers.find(peer);
    if (place == numbers.end()) return;
    const auto link = place->second;
    numbers.erase(place);
    if (peers.erase(link) == 0) return;
    no_more_of(link);
    if (!is_over) listens.ended(link, why);
  }
};

namespace {

template <class Inside>
caf::behavior pass_on(caf::event_based_actor* self, const std::shared_ptr<Inside>& to) {
  self->set_down_handler([self, to](const caf::down_msg& down) {
    const std::lock_guard lock{to->mutex};
    to->forget(down.source, self->system().render(down.reason));
  });
  self->set_default_handler(caf::drop);  // another program's messages
  return {
      [self, to](std::string& message) {
        const auto sender = caf::actor_cast<caf::actor>(self->current_sender());
        if (!sender) return;
        std::optional<std::string> last_words;
        {
          const std::lock_guard lock{to->mutex};
          last_words = to->take(to->number_of(self, sender), std::move(message));
        }
        if (last_words) to->below->end(to->bridge, sender, std::move(*last_words));
      },
      [self, to](connected_atom, std::uint64_t attempt, const caf::actor& peer) {
        const std::lock_guard lock{to->mutex};
        if (to->is_over) return;
        const auto link = to->number_of(self, peer);
        if (link == 0) return to->listens.failed(attempt, "the connection was ended here");
        to->listens.connected(attempt, link);
      },
      [to](failed_atom, std::uint64_t attempt, const std::string& why) {
        const std::lock_guard lock{to->mutex};
        if (!to->is_over) to->listens.failed(attempt, why);
      },
  };
}

template <class Inside>
void dial(caf::blocking_actor* self, const std::shared_ptr<Inside>& in, std::uint64_t attempt,
          const std::string& host, std::uint16_t port) {
  auto& system = self->system();
  const auto found = in->uses_tls ? caf::openssl::remote_actor(system, host, port)
                                  : system.middleman().remote_actor(host, port);
  if (found) {
    self->send(in->bridge, connected_atom::value, attempt, *found);
  } else {
    const auto why = describe(system, found.error(), in->uses_tls);
    self->send(in->bridge, failed_atom::value, attempt, in->refusal_of(port, why));
  }
}

}  // namespace

links::links(listener to, const std::string& certificates)
    : inside_{std::make_shared<inside>(std::move(to), certificates)} {
  if (inside_->uses_tls) {
    observe_tls([in = std::weak_ptr{inside_}](const tls_alert& alert) {
      const auto here = in.lock();
      if (!here) return;
      const std::lock_guard lock{here->mutex};
      here->hear(alert);
    });
  }
  inside_->bridge = inside_->system->spawn(pass_on<inside>, inside_);
  const auto refused = [in = std::weak_ptr{inside_}](const std::string& who, const std::string& why) {
    const auto here = in.lock();
    if (!here) return;
    const std::lock_guard lock{here->mutex};
    here->refuse(who, why);
  };
  inside_->below = std::make_shared<connections>(*inside_->system, refused);
  inside_->below->watch();
}

links::~links() {
  const std::lock_guard lock{inside_->mutex};
  inside_->is_over = true;
}

std::uint16_t links::listen(const std::string& host, std::uint16_t port) {
  const auto bound = inside_->uses_tls
                         ? caf::openssl::publish(inside_->bridge, port, host.c_str(), true)
                         : inside_->system->middleman().publish(inside_->bridge, port, host.c_str(), true);
  if (!bound) throw std::runtime_error{inside_->system->render(bound.error())};
  return *bound;
}

void links::connect(std::uint64_t attempt, const std::string& host, std::uint16_t port) {
  // A thread of its own, for it waits for the other end's first words.
  inside_->system->spawn<caf::detached>(dial<inside>, inside_, attempt, host, port);
}

void links::send(std::uint64_t link, std::string message) {
  caf::actor to;
  {
    const std::lock_guard lock{inside_->mutex};
    const auto place = inside_->peers.find(link);
    if (place == inside_->peers.end()) return;
    to = place->second.gateway;
  }
  caf::send_as(inside_->bridge, to, std::move(message));
}

void links::take_leave(const std::string& message, std::chrono::milliseconds patience) {
  inside_->below->when_written([in = inside_] {
    const std::lock_guard lock{in->mutex};
    in->has_written = true;
    in->heard.notify_all();
  });
  std::unique_lock lock{inside_->mutex};
  inside_->farewell = message.front();
  for (const auto& [link, peer] : inside_->peers) {
    inside_->said_nothing.insert(link);
    caf::send_as(inside_->bridge, peer.gateway, message);
  }
  inside_->heard.wait_for(lock, patience,
                          [this] { return inside_->has_written && inside_->said_nothing.empty(); });
}

bool links::may_handle(std::uint64_t link, std::size_t size) {
  const std::lock_guard lock{inside_->mutex};
  const auto from = inside_->peers.find(link);
  if (from != inside_->peers.end()) from->second.unhandled -= size + per_message;
  return !inside_->flooded.contains(link);
}

void links::drop(std::uint64_t link, std::string last_words) {
  caf::actor whom;
  {
    const std::lock_guard lock{inside_->mutex};
    inside_->flooded.erase(link);
    const auto place = inside_->peers.find(link);
    if (place == inside_->peers.end()) return;
    whom = place->second.gateway;
    inside_->numbers[whom.address()] = 0;
    inside_->peers.erase(place);
    inside_->no_more_of(link);
  }
  inside_->below->end(inside_->bridge, whom, std::move(last_words));
}

void links::end_useless(std::chrono::milliseconds patience) { inside_->below->end_useless(patience); }

}  // namespace troupe::detail
