#include "nodes.hpp"
#include "tools/command.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace {

using Catch::Contains;
using Catch::StartsWith;
using tools::outcome;
using words = std::vector<std::string>;

outcome command(const words& arguments) { return tools::run(TROUPE_COMMAND_PATH, arguments); }
outcome own(const words& arguments) { return tools::run(OWN_PROGRAM_PATH, arguments); }

/// The command line is refused: status 2, nothing on standard output, and on standard error `text`, and where to read on.
void check_refused(const outcome& result, const std::string& text, const std::string& help) {
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK(result.errors == text + "\nTry '" + help + " --help'.\n");
}

}  // namespace

TEST_CASE("list shows every topology with a line about it") {
  const auto result = command({"list"});
  CHECK(result.status == 0);
  CHECK(result.errors.empty());
  CHECK_THAT(result.out, Contains("  pool_map           Squares numbers on a pool of workers, in order.\n"));
  CHECK_THAT(result.out, Contains("  producer_consumer  Producers and consumers around one queue.\n"));
  CHECK_THAT(result.out,
             Contains("  word_count         Counts the words of the text files below a folder.\n"));
}

TEST_CASE("help is everywhere, with types and defaults") {
  CHECK_THAT(command({"--help"}).out, Contains("list") && Contains("run") && Contains("graph"));
  CHECK_THAT(command({"run", "--help"}).out, Contains("word_count") && Contains("--json"));
  CHECK_THAT(command({"graph", "--help"}).out, Contains("word_count") && Contains("--format"));
  CHECK_THAT(command({"run", "word_count", "--help"}).out,
             Contains("--path PATH=/usr/share/common-licenses") && Contains("--top INTEGER=10"));
  CHECK_THAT(command({"graph", "word_count", "-h"}).out, Contains("--counters INTEGER=2"));
  const auto all = own({"run", "print_numbers", "--help"});
  CHECK(all.status == 0);
  for (const auto* const option :
       {"--loud ", "--offset INTEGER=-3 ", "--copies INTEGER=1 ", "--far INTEGER=-5000000000",
        "--items INTEGER=3 ", "--rate NUMBER=0.25 ", "--colour TEXT=green ", "--folder PATH=/tmp ",
        "--pause DURATION=1500ms"}) {
    CHECK_THAT(all.out, Contains(option));
  }
}

TEST_CASE("the version is told") {
  const auto result = command({"--version"});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, StartsWith("troupe 0."));
}

TEST_CASE("a command line that makes no sense is refused in a sentence") {
  check_refused(command({}),
                std::string{"troupe: there is no command: list, run"} +
                    (troupe::launcher::has_nodes() ? ", graph, node, nodes or certificates" : " or graph"),
                "troupe");
  check_refused(command({"lst"}), "troupe: there is no command 'lst'. Did you mean 'list'?", "troupe");
  check_refused(command({"run"}), "troupe: 'run' needs the name of a topology ('troupe list' shows them)",
                "troupe run");
  check_refused(
      command({"run", "wordcount"}),
      "troupe: there is no topology 'wordcount'. Did you mean 'word_count'? 'troupe list' shows them all.",
      "troupe run");
  check_refused(command({"graph", "zzz"}),
                "troupe: there is no topology 'zzz'. 'troupe list' shows them all.", "troupe graph");
  check_refused(command({"run", "word_count", "--topp", "3"}),
                "troupe: there is no option '--topp'. Did you mean '--top'?", "troupe run word_count");
  check_refused(command({"run", "word_count", "--top"}), "troupe: --top needs a value",
                "troupe run word_count");
  check_refused(command({"run", "word_count", "--top", "ten"}),
                "troupe: word_count: --top: 'ten' is not a whole number", "troupe run word_count");
  check_refused(command({"run", "word_count", "--counters=0"}),
                "troupe: word_count: --counters: '0' is too small: the least is 1", "troupe run word_count");
  check_refused(command({"run", "producer_consumer", "--delay", "soon"}),
                "troupe: producer_consumer: --delay: 'soon' is not a duration: write 500ms, 2s or 1.5min",
                "troupe run producer_consumer");
  check_refused(own({"run", "print_numbers", "--colour", "pink"}),
                "own_program: print_numbers: --colour: 'pink' is none of red, green, blue",
                "own_program run print_numbers");
  check_refused(command({"run", "word_count", "--kills", "-1"}),
                "troupe: --kills: '-1' is too small: the least is 0", "troupe run word_count");
  check_refused(command({"run", "word_count", "--seed=x"}), "troupe: --seed: 'x' is not a whole number",
                "troupe run word_count");
  if (troupe::launcher::has_nodes())
    check_refused(command({"certificates", "--out", "certificates", "one", "--dayz=3"}),
                  "troupe: there is no option '--dayz'. Did you mean '--days'?", "troupe certificates");
  CHECK(command({"run", "word_count", "stray"}).status == 2);
  CHECK(command({"graph", "word_count", "--format", "png"}).status == 2);
}

TEST_CASE(
    "the help that is advised is that of the command that was given, whatever stood before and behind it") {
  check_refused(command({"run", "--json", "word_count", "--topp", "3"}),
                "troupe: there is no option '--topp'. Did you mean '--top'?", "troupe run word_count");
  check_refused(command({"graph", "--format", "dot", "word_count", "--topp", "3"}),
                "troupe: there is no option '--topp'. Did you mean '--top'?", "troupe graph word_count");
  CHECK_THAT(command({"list", "stray"}).errors, Contains("\nTry 'troupe list --help'.\n"));
  if (troupe::launcher::has_nodes())
    check_refused(command({"certificates", "one", "--out", "certificates", "--dayz=3"}),
                  "troupe: there is no option '--dayz'. Did you mean '--days'?", "troupe certificates");
}

TEST_CASE("an option of a topology that stands before its name is told its place") {
  for (const auto& top : {words{"--top", "3"}, words{"--top=3"}}) {
    words given{"run"};
    given.insert(given.end(), top.begin(), top.end());
    given.emplace_back("word_count");
    check_refused(command(given),
                  "troupe: 'run' has no option '--top'. The options of a topology come after its name.",
                  "troupe run");
  }
  check_refused(command({"run", "--jsn", "word_count"}),
                "troupe: 'run' has no option '--jsn'. Did you mean '--json'? The options of a topology come "
                "after its name.",
                "troupe run");
}

TEST_CASE("what is no address is a command line that makes no sense") {
  if (!troupe::launcher::has_nodes()) return;
  const auto wrong = [](const std::string& option, const std::string& address) {
    return "troupe: " + option + ": '" + address + "' is no address: write HOST:PORT, such as 127.0.0.1:7000";
  };
  for (const std::string address :
       {"nonsense", "127.0.0.1", ":7000", "127.0.0.1:", "127.0.0.1:65536", "a:-1"}) {
    check_refused(command({"node", "--listen", address}), wrong("--listen", address), "troupe node");
    check_refused(command({"nodes", "--join", address}), wrong("--join", address), "troupe nodes");
  }
  check_refused(command({"run", "word_count", "--nodes", "127.0.0.1:7000,b"}), wrong("--nodes", "b"),
                "troupe run word_count");
}

TEST_CASE("a program that offers an option that is there already says so, and does nothing else") {
  const auto offering = [](const std::string& what) {
    return tools::run("/usr/bin/env", {what + "=1", OWN_PROGRAM_PATH, "list"});
  };
  const auto help = offering("OFFERS_AN_OPTION_HELP");
  CHECK(help.status == 1);
  CHECK(help.out.empty());
  CHECK(help.errors ==
        "own_program: 'welcome' has an option named 'help': --help is there already, give it another name\n");
  const auto twice = offering("OFFERS_AN_OPTION_TWICE");
  CHECK(twice.status == 1);
  CHECK(twice.errors == "own_program: 'welcome' has two options of one name\n");
}

TEST_CASE("what the library says has the program's name before it, and no other") {
  const std::string problem = "the environment has TROUPE_LANE=post: it may be automatic, socket or ring\n";
  const auto started = [](const std::string& program, const std::string& name) {
    return tools::run("/usr/bin/env", {"TROUPE_LANE=post", program, "run", name});
  };
  const auto topology = started(TROUPE_COMMAND_PATH, "word_count");
  CHECK(topology.status == 1);
  CHECK(topology.errors == "troupe: " + problem);
  CHECK(started(OWN_PROGRAM_PATH, "print_numbers").errors == "own_program: " + problem);
  CHECK(started(OWN_PROGRAM_PATH, "greet").errors == "own_program: greet: " + problem);
}

TEST_CASE("a topology may refuse an option's value") {
  check_refused(own({"run", "print_numbers", "--colour", "blue"}),
                "own_program: print_numbers: --colour: blue is sold out", "own_program run print_numbers");
}

TEST_CASE("options of every type arrive") {
  CHECK_THAT(own({"run", "print_numbers"}).out,
             Contains("quiet -3 1 -5000000000 0.250000 green /tmp 1500\n"));
  const auto result =
      own({"run", "print_numbers", "--loud", "--offset", "-7", "--copies=2", "--far", "9000000000", "--items",
           "0", "--rate", "1e-1", "--colour", "red", "--folder", "/a b", "--pause", "2s"});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, StartsWith("loud -7 2 9000000000 0.100000 red /a b 2000\n"));
}

TEST_CASE("of an option that is given twice the last counts") {
  CHECK_THAT(own({"run", "print_numbers", "--offset", "1", "--offset", "2"}).out, Contains("quiet 2 1 "));
}

TEST_CASE("a topology is drawn without being run") {
  const auto dot = command({"graph", "word_count", "--format", "dot", "--counters", "4"});
  CHECK(dot.status == 0);
  CHECK_THAT(dot.out, StartsWith("digraph \"word_count\" {\n") && Contains("\"count\" [label=\"count x4\"") &&
                          Contains("label=\"by word\""));
  CHECK_THAT(command({"graph", "--format", "mermaid", "word_count"}).out, StartsWith("flowchart LR\n"));
  CHECK(command({"graph", "word_count"}).out ==
        "word_count\n"
        "  source files, 1 process -> count (queue)\n"
        "  stage count, 2 processes -> merge (by word)\n"
        "  sink merge, 2 processes\n");
}

TEST_CASE(
    "what actors print comes in whole lines behind their names, and without a terminal there is no progress "
    "line") {
  const auto result = own({"run", "print_numbers", "--items", "3"});
  CHECK(result.status == 0);
  CHECK(result.errors.empty());
  CHECK_THAT(result.out, StartsWith("[print-1] number 0\n[print-1] number 1\n[print-1] number 2\n"));
  CHECK_THAT(result.out, Contains("print_numbers: 3 in, 3 out; 4 processes; "));
}

TEST_CASE("with --json standard output is one object and nothing else") {
  const auto result = own({"run", "--json", "print_numbers", "--items", "5"});
  CHECK(result.status == 0);
  CHECK(result.errors.empty());
  CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 1);
  const auto report = boost::json::parse(result.out);
  CHECK(report.at("topology") == "print_numbers");
  CHECK(report.at("ok") == true);
  CHECK(report.at("items").at("in") == 5);
  CHECK(report.at("result") == true);
}

TEST_CASE("a run in which an actor dies has status 1, says who, and is not ok in JSON") {
  const auto result = own({"run", "print_numbers", "--fate", "aborts"});
  CHECK(result.status == 1);
  CHECK_THAT(result.errors,
             StartsWith("own_program: print_numbers: actor 'print-1' (process ") && Contains("SIGABRT"));
  const auto with_json = own({"run", "print_numbers", "--fate", "aborts", "--json"});
  CHECK(with_json.status == 1);
  CHECK_THAT(with_json.errors, Contains("SIGABRT"));
  CHECK(boost::json::parse(with_json.out).at("ok") == false);
}

TEST_CASE("a run in which items failed has status 1 and says which") {
  const auto result = own({"run", "print_numbers", "--fate", "gives up"});
  CHECK(result.status == 1);
  CHECK_THAT(result.out, Contains("print_numbers: 3 in, 0 out, 3 failed; "));
  CHECK_THAT(result.errors, Contains("3 items of 3 failed:\n    print: number 0 is too much\n"));
}

TEST_CASE("on a terminal a line shows how far it has come, and is gone at the end") {
  // script(1) is in a package that every Debian has, and gives the command a terminal.
  const auto command = std::string{TROUPE_COMMAND_PATH} + " run producer_consumer --items 2000000";
  const auto result = tools::run("/usr/bin/script", {"-qec", command, "/dev/null"});
  CHECK(result.status == 0);
  const auto line = result.out.find("\r\033[Kproducer ");
  REQUIRE(line != std::string::npos);
  const auto cleared = result.out.rfind("\r\033[K");
  CHECK(cleared > line);
  CHECK(result.out.find("consumer ", cleared) > result.out.find('\n', cleared));
}

TEST_CASE("where a job knows how many there will be, the line is a bar") {
  const auto command = std::string{TROUPE_COMMAND_PATH} + " run pool_map --items 4 --work 100000";
  const auto result = tools::run("/usr/bin/script", {"-qec", command, "/dev/null"});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("squares [####################] 4/4   "));
  CHECK_THAT(result.out, Contains("squares [##########..........] 2/4   "));
}

TEST_CASE("a job is listed, helped with and run like a topology") {
  CHECK_THAT(own({"list"}).out, Contains("  greet          Greets somebody.\n"));
  CHECK_THAT(own({"run", "greet", "--help"}).out, Contains("--name TEXT=world"));
  const auto result = own({"run", "greet", "--name", "you"});
  CHECK(result.status == 0);
  CHECK(result.errors.empty());
  CHECK_THAT(result.out, StartsWith("hello you\ngreet: "));

  const auto with_json = own({"run", "greet", "--json"});
  CHECK(with_json.status == 0);
  const auto report = boost::json::parse(with_json.out);
  CHECK(report.at("job") == "greet");
  CHECK(report.at("ok") == true);
  CHECK(report.at("result") == "hello world");
}

TEST_CASE("a job that throws has status 1 and says why, one that refuses an option has status 2") {
  const auto result = own({"run", "greet", "--name", "nobody"});
  CHECK(result.status == 1);
  CHECK(result.out.empty());
  CHECK(result.errors == "own_program: greet: there is nobody to greet\n");
  const auto report = boost::json::parse(own({"run", "greet", "--name", "nobody", "--json"}).out);
  CHECK(report.at("ok") == false);
  CHECK(report.at("errors").at(0) == "there is nobody to greet");
  check_refused(own({"run", "greet", "--name=?"}), "own_program: greet: --name: ? is no name",
                "own_program run greet");
}

TEST_CASE("a flag that is on by itself is offered as what switches it off") {
  CHECK_THAT(own({"run", "greet", "--help"}).out, Contains("--no-politely") && Contains("not: say hello"));
  CHECK_THAT(own({"run", "greet", "--no-politely"}).out, StartsWith("hi world\n"));
}

TEST_CASE("a result with errors is shown, and has status 1") {
  const auto job = own({"run", "greet", "--name", "everybody"});
  CHECK(job.status == 1);
  CHECK_THAT(job.out, StartsWith("hello everybody\ngreet: "));
  CHECK(job.errors == "own_program: greet: one was out\nown_program: greet: one slept\n");
  const auto report = boost::json::parse(own({"run", "greet", "--name", "everybody", "--json"}).out);
  CHECK(report.at("ok") == false);
  CHECK(report.at("result") == 1);

  const auto graph = own({"run", "print_numbers", "--fate", "doubts it", "--json"});
  CHECK(graph.status == 1);
  CHECK(graph.errors == "own_program: print_numbers: the numbers may be wrong\n");
  CHECK(boost::json::parse(graph.out).at("ok") == false);
  CHECK(boost::json::parse(graph.out).at("result") == false);
}

TEST_CASE("a job has no graph, and says so") {
  const auto result = own({"graph", "greet"});
  CHECK(result.status == 1);
  CHECK(result.errors == "own_program: greet is a job, not a topology: there is no graph of it to draw\n");
}

TEST_CASE("output that cannot be written is an error") {
  const auto result = tools::run("/bin/sh", {"-c", std::string{TROUPE_COMMAND_PATH} + " list >/dev/full"});
  CHECK(result.status == 1);
  CHECK(result.errors == "troupe: standard output could not be written\n");
  const auto other = tools::run("/bin/sh", {"-c", std::string{OWN_PROGRAM_PATH} + " run greet >/dev/full"});
  CHECK(other.status == 1);
  CHECK(other.errors == "own_program: standard output could not be written\n");
}
