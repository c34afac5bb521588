#include "node_connections.hpp"

#include <utility>
#include <vector>

#if CAF_VERSION < 1700 || CAF_VERSION >= 1800
#error \
    "troupe::node: this version of CAF is not known yet; what differs is in this file and in node_links.cpp"
#endif

namespace troupe::detail {
namespace {

namespace basp = caf::io::basp;

constexpr const char* no_node =
    "what came is nothing that a node says (where one end has certificates, both need them)";
constexpr std::size_t longest = std::size_t{1} << 20;       // a batch has a quarter of that
constexpr std::size_t most_unread = std::size_t{64} << 20;  // twice what may be on its way

caf::io::basp_broker& broker_of(const caf::actor& named) {
  return *static_cast<caf::io::basp_broker*>(caf::actor_cast<caf::abstract_actor*>(named));
}

}  // namespace

connections::connections(caf::actor_system& system, listener refused)
    : system_{system},
      named_{system.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"))},
      broker_{broker_of(named_)},
      refused_{std::move(refused)} {}

template <class Use>
void connections::on_network_thread(Use use) {
  system_.middleman().backend().post([self = shared_from_this(), use = std::move(use)] { use(*self); });
}

void connections::watch() {
  on_network_thread([](connections& here) {
    if (!here.broker_.has_behavior()) return here.watch();
    here.stand_before_broker();
  });
}

void connections::stand_before_broker() {
  own_ = broker_.current_behavior();
  const caf::message_handler looks{
      [this](const caf::io::new_connection_msg& made) {
        accepted_[made.handle] = clock::now();
        pass_on();
      },
      [this](const caf::io::connection_closed_msg& gone) {
        accepted_.erase(gone.handle);
        pass_on();
      },
      [this](const caf::io::new_data_msg& came) { take(came); },
  };
  broker_.do_become(looks.or_else(own_), true);
}

// To the handler of the broker's own.
void connections::pass_on() { own_(broker_.current_mailbox_element()->content()); }

void connections::take(const caf::io::new_data_msg& came) {
  const auto from = came.handle;
  if (const auto why = objection(came); !why.empty()) return refuse(from, why);
  const auto who = accepted_.contains(from) ? describe(from) : "";
  pass_on();
  const bool is_there = broker_.valid(from);
  if (is_there && !broker_.instance.tbl().lookup_direct(from)) return;
  if (accepted_.erase(from) != 0 && !is_there) refused_(who, no_node);
}

std::string connections::objection(const caf::io::new_data_msg& what) {
  const auto known = broker_.ctx.find(what.handle);
  if (known != broker_.ctx.end() && known->second.cstate == basp::await_payload) return {};
  basp::header head;
  caf::binary_deserializer in{broker_.context(), what.buf};
  if (in(head) || !basp::valid(head)) return no_node;
  if (head.payload_len > longest)
    return "a message of " + std::to_string(head.payload_len) +
           " bytes is announced, and none has more than " + std::to_string(longest);
  if (head.operation == basp::message_type::routed_message)
    return "a message for another node, or from another, is to be passed on, and nodes do not do that";
  return {};
}

std::string connections::describe(const handle& whom) {
  return broker_.remote_addr(whom) + ":" + std::to_string(broker_.remote_port(whom));
}

void connections::refuse(const handle& whom, const std::string& why) {
  const auto who = describe(whom);
  const auto known = broker_.ctx.find(whom);
  const bool is_waited_for = known != broker_.ctx.end() && known->second.callback;
  accepted_.erase(whom);
  if (!is_waited_for) refused_(who, why);  // else whoever connects hears of it
  // Nothing that is to be written is worth waiting for, and what waits for the other's part of TLS would wait for ever.
  caf::io::network::shutdown_both(static_cast<caf::io::network::native_socket>(whom.id()));
  broker_.connection_cleanup(whom, caf::sec::malformed_basp_message);
  broker_.close(whom);
}

void connections::end(const caf::actor& own, const caf::actor& whom, std::string last_words) {
  on_network_thread([own, whom, words = std::move(last_words)](connections& here) {
    auto& broker = here.broker_;
    const auto& ways = broker.instance.tbl();
    if (!words.empty() && ways.lookup_direct(whom->node()))
      broker.instance.dispatch(&here.system_.middleman().backend(),
                               caf::actor_cast<caf::strong_actor_ptr>(own), {}, whom->node(), whom->id(), 0,
                               caf::make_message_id(), caf::make_message(words));
    while (const auto way = ways.lookup_direct(whom->node())) {
      broker.connection_cleanup(*way, caf::sec::none);
      broker.close(*way);  // what is written leaves before
    }
    broker.purge_state(whom->node());
  });
}

// What is written leaves when the network thread next looks at its sockets, which it does between one such turn and the next
// but one.
void connections::when_written(std::function<void()> run) {
  on_network_thread([run = std::move(run)](connections& first) {
    first.on_network_thread(
        [run](connections& second) { second.on_network_thread([run](connections&) { run(); }); });
  });
}

void connections::end_useless(std::chrono::milliseconds patience) {
  on_network_thread([patience](connections& here) {
    std::vector<handle> silent;
    for (const auto& [whom, since] : here.accepted_) {
      if (clock::now() - since > patience) silent.push_back(whom);
    }
    for (const auto& each : silent)
      here.refuse(each,
                  "no node has introduced itself over it for " + std::to_string(patience.count()) + " ms");
    for (const auto& each : here.broker_.connections()) {
      if (const auto size = here.broker_.wr_buf(each).size(); size > most_unread)
        here.refuse(each, "the other end does not read, and " + std::to_string(size) + " bytes wait for it");
    }
  });
}

}  // namespace troupe::detail
