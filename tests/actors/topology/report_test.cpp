#include <troupe/run_report.hpp>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

namespace {

namespace json = boost::json;

troupe::run_report some_report() {
  troupe::run_report report;
  report.topology = "quoted \"name\"";
  report.ok = true;
  report.seconds = 0.5;
  report.items = {.in = 5, .out = 3, .failed = 1, .lost = 1, .repeated_starts = 2, .completed_twice = 4};
  report.chaos.by_actor["a-1"] = 3;
  troupe::run_report::actor_entry actor{.name = "a-1", .pid = 12, .handled = 5};
  actor.exit.kind = troupe::exit_kind::signal;
  actor.exit.code = 9;
  actor.exit.user_time = std::chrono::milliseconds{1500};
  actor.exit.system_time = std::chrono::milliseconds{500};
  actor.exit.max_resident_bytes = 4096;
  report.actors.push_back(actor);
  report.edges.push_back({.from = "a", .to = "b", .items = 7, .bytes = 70});
  report.result.json = R"({"squares":[0,1,4]})";
  return report;
}

}  // namespace

TEST_CASE("a report is one JSON object on one line, with these fields and no others") {
  const auto text = to_json(some_report());
  CHECK(text.find('\n') == text.npos);
  const auto expected = json::parse(R"({
    "topology": "quoted \"name\"", "ok": true, "seconds": 0.5,
    "items": {"in": 5, "out": 3, "lost": 1, "repeated_starts": 2, "completed_twice": 4},
    "chaos": {"kills": 0, "while_running": 0, "stops": 0, "seed": 0, "passes": 0, "healed": 0, "restarts": 0, "differing": 0, "by_actor": {"a-1": 3}},
    "actors": [{"name": "a-1", "pid": 12, "handled": 5, "restarts": 0, "exit": {"kind": "signal", "code": 9},
                "cpu_seconds": 2.0, "max_rss_bytes": 4096}],
    "edges": [{"from": "a", "to": "b", "items": 7, "bytes": 70}],
    "result": {"squares": [0, 1, 4]}})");
  CHECK(json::parse(text) == expected);
}

TEST_CASE("a run without a result has null, and a result that is no JSON is a string") {
  auto report = some_report();
  report.result.json.clear();
  CHECK(json::parse(to_json(report)).at("result").is_null());
  report.result.json = "{oops";
  CHECK(json::parse(to_json(report)).at("result") == "{oops");
}
