#include <troupe/node.hpp>

#include "node_address.hpp"
#include "node_endpoint.hpp"
#include "node_gateway.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <utility>

namespace troupe {
namespace {

/// In every process of a program that makes nodes: handles to other nodes' actors may come to any of them.
struct knows_other_nodes {
  knows_other_nodes() {
    remote::make_endpoints_by([](const std::shared_ptr<remote::endpoint>& local,
                                 const remote::gateway_entry& by,
                                 std::uint32_t number) -> std::shared_ptr<remote::endpoint> {
      return std::make_shared<detail::node_endpoint>(local, by, number);
    });
  }
};
const knows_other_nodes registered;

constexpr std::size_t gateway_mailbox = std::size_t{1} << 20;

}  // namespace

cluster_node::cluster_node(actor_system& system, cluster_node_options options) {
  if (options.heartbeat < std::chrono::milliseconds{2} || options.missed == 0)
    throw std::invalid_argument{
        "troupe: cluster_node_options::heartbeat must be at least 2 ms, and `missed` at least 1"};
  if (!options.certificates.empty()) options.certificates = std::filesystem::absolute(options.certificates);
  detail::gateway_settings settings{options.listen,    options.join,        options.name,
                                    options.heartbeat, options.missed,      options.join_timeout,
                                    options.window,    options.certificates};
  gateway_ = system.spawn<detail::gateway>({.name = "gateway", .mailbox_bytes = gateway_mailbox}, settings);
  auto made = gateway_.ask<&detail::gateway::start>().get();
  if (!made.stage.empty()) {
    gateway_.stop();
    static_cast<void>(gateway_.join());
    throw start_failed{made.stage, made.why};
  }
  self_ = std::move(made.self);
}

cluster_node::~cluster_node() {
  try {
    gateway_.stop();
    static_cast<void>(gateway_.join());
  } catch (const error&) {
    // It has ended before, or the whole system has.
  }
}

std::vector<node_status> cluster_node::members() const {
  return gateway_.ask<&detail::gateway::members>().get();
}

bool cluster_node::ends_within(std::chrono::milliseconds patience) const {
  return gateway_.join_for(patience).has_value();
}

std::vector<placement> cluster_node::places(const std::vector<std::string>& only) const {
  const auto is_wanted = [&only](const node_status& each) {
    if (each.is != node_status::state::here && each.is != node_status::state::up) return false;
    return only.empty() || std::any_of(only.begin(), only.end(), [&](const auto& name) {
             return name == each.who.name || detail::canonical(name) == each.who.address;
           });
  };
  auto all = members();
  std::erase_if(all, std::not_fn(is_wanted));
  std::vector<placement> dealt;
  for (std::uint32_t round = 0, dealing = 1; dealing != 0; ++round) {
    dealing = 0;
    for (const auto& each : all) {
      if (round >= each.processors) continue;
      dealt.push_back(each.is == node_status::state::here ? placement{} : each.who);
      ++dealing;
    }
  }
  return dealt;
}

std::optional<peer> cluster_node::find(std::string_view name_or_address) const {
  const auto all = members();
  const auto place = std::find_if(all.begin(), all.end(), [&](const auto& each) {
    return each.is == node_status::state::up &&
           (each.who.name == name_or_address || each.who.address == name_or_address);
  });
  return place == all.end() ? std::nullopt : std::optional{place->who};
}

}  // namespace troupe
