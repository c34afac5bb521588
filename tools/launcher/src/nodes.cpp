#include "nodes.hpp"

#include <troupe/certificates.hpp>
#include <troupe/node.hpp>

#include "commands.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <stdexcept>

namespace troupe::launcher {
namespace {

constexpr std::chrono::milliseconds between_looks{500};

std::string_view name_of(node_status::state state) {
  switch (state) {
    case node_status::state::here: return "here";
    case node_status::state::up: return "up";
    case node_status::state::broken: return "broken";
    case node_status::state::down: break;
  }
  return "down";
}

std::string milliseconds(std::chrono::nanoseconds time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f ms", static_cast<double>(time.count()) / 1e6);
  return text.data();
}

/// Ends as `interrupted` where that is why `work` did not come to its end.
template <class Work>
int run_in_system(output how, const Work& work) {
  actor_system system{{.output = how}};
  system.handle_signals();
  try {
    return work(system);
  } catch (const error&) {
    if (system.interrupted_by() == 0) throw;
  }
  throw interrupted{system.interrupted_by()};
}

cluster_node_options options_of(const node_flags& flags) {
  return {.listen = flags.listen,
          .certificates = flags.certificates,
          .join = flags.join,
          .name = flags.name,
          .heartbeat = flags.heartbeat};
}

/// What of the others has changed since the last time, a line each. Who was gone before it was seen to come, as one who only
/// asks for a list, is not told of.
class changes {
 public:
  void print(const std::vector<node_status>& members, bool as_json) {
    for (const auto& each : members) {
      const auto place = last_.find(each.who.number);
      if (place == last_.end() ? each.is != node_status::state::up : place->second == each.is) continue;
      last_[each.who.number] = each.is;
      if (as_json) {
        std::cout << boost::json::serialize(boost::json::object{{"node", each.who.name},
                                                                {"address", each.who.address},
                                                                {"state", name_of(each.is)},
                                                                {"why", each.why}})
                  << '\n';
      } else {
        std::cout << "node " << each.who.name << " (" << each.who.address << ") is " << name_of(each.is)
                  << (each.why.empty() ? "" : ": ") << each.why << '\n';
      }
    }
    std::cout.flush();
  }

 private:
  std::map<std::uint32_t, node_status::state> last_;
};

// Until it is no node any more.
void watch(const cluster_node& here, bool as_json) {
  changes seen;
  do {
    seen.print(here.members(), as_json);
  } while (!here.ends_within(between_looks));
}

// What the others say of themselves comes with the first signs of life.
std::vector<node_status> others_of(const cluster_node& here) {
  const auto is_known = [](const node_status& each) {
    return each.is != node_status::state::up || (each.processors != 0 && each.round_trip.count() != 0);
  };
  auto members = here.members();
  while (!std::all_of(members.begin(), members.end(), is_known) && !here.ends_within(between_looks / 5))
    members = here.members();
  std::erase_if(members, [](const auto& each) { return each.is == node_status::state::here; });
  return members;
}

boost::json::object to_json(const node_status& each) {
  return {{"name", each.who.name},
          {"address", each.who.address},
          {"state", name_of(each.is)},
          {"processors", each.processors},
          {"load", each.load},
          {"actors", each.actors},
          {"round_trip_ms", static_cast<double>(each.round_trip.count()) / 1e6},
          {"clock_offset_ms", static_cast<double>(each.clock_offset.count()) / 1e6}};
}

}  // namespace

bool has_nodes() { return true; }

int run_node(const node_flags& flags) {
  const auto run = [&](actor_system& system) {
    const cluster_node here{system, options_of(flags)};
    if (flags.as_json) {
      std::cout << boost::json::serialize(boost::json::object{
                       {"node", here.self().name}, {"address", here.address()}, {"state", "here"}})
                << '\n';
    } else {
      std::cout << "node " << here.self().name << " listens on " << here.address()
                << "; others join it with --join " << here.address() << ", Ctrl-C ends it\n";
    }
    try {
      watch(here, flags.as_json);
    } catch (const error&) {
      if (system.interrupted_by() == 0) throw;
    }
    if (system.interrupted_by() != 0) return finished(true);  // as it was to end
    throw std::runtime_error{"this is no node any more: its gateway, an actor, has ended"};
  };
  return run_in_system(flags.as_json ? output::discard : output::tagged, run);
}

int make_certificates(const std::string& program, const certificate_flags& flags) {
  troupe::make_certificates(flags.out, flags.nodes, std::chrono::hours{24} * flags.days);
  for (const auto& node : flags.nodes) {
    const auto place = (std::filesystem::path{flags.out} / node).string();
    std::cout << place << ": copy it to where that node runs, and start it with '" << program
              << " node --certificates " << place << "'\n";
  }
  std::cout << (std::filesystem::path{flags.out} / "authority").string()
            << ": stays here; who has its key can make more nodes\n";
  return finished(true);
}

joined_nodes join_nodes(actor_system& system, const node_flags& flags) {
  const auto here = std::make_shared<cluster_node>(system, options_of(flags));
  return {here, here->places(flags.join)};
}

int list_nodes(const node_flags& flags) {
  return run_in_system(output::discard, [&](actor_system& system) {
    const cluster_node here{system, options_of(flags)};
    const auto others = others_of(here);
    if (flags.as_json) {
      boost::json::array all;
      for (const auto& each : others) all.push_back(to_json(each));
      std::cout << boost::json::serialize(all) << '\n';
      return finished(true);
    }
    for (const auto& each : others) {
      std::cout << each.who.name << "  " << each.who.address << "  " << name_of(each.is)
                << "  cores: " << each.processors << ", load: " << each.load << ", actors: " << each.actors
                << ", round trip: " << milliseconds(each.round_trip) << '\n';
    }
    return finished(true);
  });
}

}  // namespace troupe::launcher
