#include <troupe/run_report.hpp>

#include <boost/json.hpp>

namespace troupe {

namespace {

namespace json = boost::json;

json::string_view kind_name(exit_kind kind) {
  switch (kind) {
    case exit_kind::normal: return "normal";
    case exit_kind::code: return "code";
    case exit_kind::signal: return "signal";
    case exit_kind::exception: return "exception";
    case exit_kind::limit: return "limit";
    case exit_kind::escalated: return "escalated";
    case exit_kind::node_down: return "node_down";
    case exit_kind::forgotten: break;
  }
  return "forgotten";
}

json::object actor_object(const run_report::actor_entry& actor) {
  const std::chrono::duration<double> cpu = actor.exit.user_time + actor.exit.system_time;
  return {{"name", actor.name},
          {"pid", actor.pid},
          {"handled", actor.handled},
          {"restarts", actor.restarts},
          {"exit", {{"kind", kind_name(actor.exit.kind)}, {"code", actor.exit.code}}},
          {"cpu_seconds", cpu.count()},
          {"max_rss_bytes", actor.exit.max_resident_bytes}};
}

json::value result_value(const std::string& text) {
  if (text.empty()) return nullptr;
  boost::system::error_code problem;
  auto value = json::parse(text, problem);
  return problem ? json::value(text) : value;
}

}  // namespace

std::string to_json(const run_report& report) {
  json::object by_actor;
  for (const auto& [name, kills] : report.chaos.by_actor) by_actor[name] = kills;
  json::array actors;
  for (const auto& actor : report.actors) actors.push_back(actor_object(actor));
  json::array edges;
  for (const auto& edge : report.edges) {
    edges.push_back({{"from", edge.from}, {"to", edge.to}, {"items", edge.items}, {"bytes", edge.bytes}});
  }
  const json::object whole{{"topology", report.topology},
                           {"ok", report.ok},
                           {"seconds", report.seconds},
                           {"items",
                            {{"in", report.items.in},
                             {"out", report.items.out},
                             {"lost", report.items.lost},
                             {"repeated_starts", report.items.repeated_starts},
                             {"completed_twice", report.items.completed_twice}}},
                           {"chaos",
                            {{"kills", report.chaos.kills},
                             {"while_running", report.chaos.while_running},
                             {"stops", report.chaos.stops},
                             {"seed", report.chaos.seed},
                             {"passes", report.chaos.passes},
                             {"healed", report.chaos.healed},
                             {"restarts", report.chaos.restarts},
                             {"differing", report.chaos.differing},
                             {"by_actor", std::move(by_actor)}}},
                           {"actors", std::move(actors)},
                           {"edges", std::move(edges)},
                           {"result", result_value(report.result.json)}};
  return json::serialize(whole);
}

}  // namespace troupe
