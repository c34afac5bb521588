// The command line.
#include <troupe/launcher.hpp>

#include "commands.hpp"
#include "nodes.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::launcher {

namespace {

constexpr int usage_status = 2;

/// A command line that makes no sense, said in a way that helps.
class usage_error : public std::runtime_error {
 public:
  usage_error(const std::string& what, const std::string& help)
      : std::runtime_error{what + "\nTry '" + help + " --help'."} {}
};

std::string meant(const std::string& mistyped, const std::vector<std::string>& names) {
  const auto name = nearest(mistyped, names);
  return name.empty() ? "" : " Did you mean '" + name + "'?";
}

class command_line {
 public:
  explicit command_line(const std::string& program)
      : program_{program}, app_{"Runs topologies of actors, each actor a process of its own.", program} {
    app_.set_help_flag("-h,--help", "show this");
    app_.require_subcommand(1);
    app_.set_version_flag("--version", program + " " TROUPE_VERSION, "print the version");
    list_ = app_.add_subcommand("list", "list the topologies and jobs");
    run_ = app_.add_subcommand("run", "run a topology or a job");
    graph_ = app_.add_subcommand("graph", "draw a topology");
    run_->add_flag("--json", flags_.as_json, json_help);
    graph_->add_option("--format", format_, format_help)->check(format_check())->capture_default_str();
    std::set<std::string> names;
    for (const auto& each : catalogue()) {
      if (!names.insert(each->name).second)
        throw std::logic_error{"two topologies or jobs are offered by the name '" + each->name + "'"};
      auto* const started = add_options(*each, *run_->add_subcommand(each->name, each->help));
      if (is_free(each.get(), "json")) started->add_flag("--json", flags_.as_json, json_help);
      if (has_nodes()) add_places(*each, *started);
      if (!each->is_job()) add_faults(*each, *started);
      auto* const drawn = add_options(*each, *graph_->add_subcommand(each->name, each->help));
      if (is_free(each.get(), "format"))
        drawn->add_option("--format", format_, format_help)->check(format_check())->capture_default_str();
    }
    for (auto* const command : {run_, graph_}) command->require_subcommand(1);
    if (has_nodes()) add_nodes();
  }

  int execute(int argc, char** argv) {
    check_names(argc, argv);
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& asked_for) {
      return app_.exit(asked_for);
    } catch (const CLI::ExtrasError& problem) {
      throw usage_error{unexpected(argc, argv).value_or(problem.what()), help()};
    } catch (const CLI::ArgumentMismatch& problem) {
      const std::string text = problem.what();
      throw usage_error{text.substr(0, text.find(':')) + " needs a value", help()};
    } catch (const CLI::ParseError& problem) {
      throw usage_error{problem.what(), help()};
    }
    if (list_->parsed()) return list_topologies();
    if (has_nodes() && node_->parsed()) return run_node(node_flags_);
    if (has_nodes() && nodes_->parsed()) return list_nodes(node_flags_);
    if (has_nodes() && certificates_->parsed()) return make_certificates(program_, certificate_flags_);
    auto* const command = run_->parsed() ? run_ : graph_;
    const auto which = find_definition(command->get_subcommands().front()->get_name());
    try {
      if (command == graph_) return draw_topology(*which, given_, format_);
      return (which->is_job() ? run_job : run_topology)(program_, *which, given_, flags_);
    } catch (const bad_option& problem) {
      throw usage_error{which->name + ": " + problem.what(),
                        program_ + " " + command->get_name() + " " + which->name};
    }
  }

 private:
  static constexpr const char* json_help = "print one JSON object and nothing else";
  static constexpr const char* format_help = "how it is drawn: text, dot or mermaid";
  static CLI::IsMember format_check() {
    return CLI::IsMember{std::vector<std::string>{"text", "dot", "mermaid"}};
  }

  /// Names are checked before the rest, so that a wrong one is not taken for a wrong option.
  void check_names(int argc, char** argv) {
    std::vector<std::string> commands{"list", "run", "graph"};
    if (has_nodes()) commands.insert(commands.end(), {"node", "nodes", "certificates"});
    if (argc < 2) {
      std::string all = commands.front();
      for (std::size_t i = 1; i < commands.size(); ++i)
        all += (i + 1 < commands.size() ? ", " : " or ") + commands[i];
      throw usage_error{"there is no command: " + all, program_};
    }
    const std::string command = argv[1];
    if (command.starts_with("-")) return;
    if (std::find(commands.begin(), commands.end(), command) == commands.end())
      throw usage_error{"there is no command '" + command + "'." + meant(command, commands), program_};
    if (command == "run" || command == "graph")
      check_topology(command == "run" ? *run_ : *graph_, {argv + 2, argv + argc});
  }

  /// Before the topology's name stand the command's own options, and nothing of the topology's.
  void check_topology(const CLI::App& command, const std::vector<std::string>& words) {
    const auto help = program_ + " " + command.get_name();
    bool is_help = false;
    auto word = words.begin();
    for (; word != words.end() && word->starts_with("-"); ++word) {
      const auto end = word->find('=');
      const auto name = word->substr(0, end);
      const auto* const option = command.get_option_no_throw(name);
      if (option == nullptr)
        throw usage_error{"'" + command.get_name() + "' has no option '" + name + "'." +
                              meant(name, long_names(command)) +
                              " The options of a topology come after its name.",
                          help};
      is_help = is_help || option == command.get_help_ptr();
      // `--format dot NAME`: its value is not the name.
      if (option->get_expected_min() > 0 && end == word->npos && std::next(word) != words.end()) ++word;
    }
    if (word == words.end()) {
      if (is_help) return;
      throw usage_error{
          "'" + command.get_name() + "' needs the name of a topology ('" + program_ + " list' shows them)",
          help};
    }
    if (find_definition(*word)) return;
    std::vector<std::string> names;
    for (const auto& each : catalogue()) names.push_back(each->name);
    throw usage_error{"there is no topology '" + *word + "'." + meant(*word, names) + " '" + program_ +
                          " list' shows them all.",
                      help};
  }

  static std::vector<std::string> long_names(const CLI::App& command) {
    std::vector<std::string> names;
    for (const auto* const option : command.get_options())
      if (!option->get_lnames().empty()) names.push_back("--" + option->get_lnames().front());
    return names;
  }

  void add_nodes() {
    node_ = app_.add_subcommand("node", "be a node, on which other nodes of this program start actors");
    node_->add_option("--name", node_flags_.name, "for people; else its address");
    node_->add_flag("--json", node_flags_.as_json, "print a JSON object a line");
    nodes_ = app_.add_subcommand("nodes", "list the nodes that there are");
    nodes_->add_flag("--json", node_flags_.as_json, "print one JSON array and nothing else");
    for (auto* const command : {node_, nodes_}) {
      command
          ->add_option("--join", node_flags_.join,
                       "a node to join, and all that it knows of; may be given again")
          ->type_name("HOST:PORT")
          ->check(address_problem);
      add_node_options(*command, node_flags_, "OPTIONS", nullptr);
    }
    nodes_->get_option("--join")->required();
    certificates_ = app_.add_subcommand("certificates", "make certificates, by which nodes know each other");
    certificates_
        ->add_option("--out", certificate_flags_.out, "the folder; an authority that is there is used")
        ->type_name("DIR")
        ->required();
    certificates_->add_option("--days", certificate_flags_.days, "how long they are valid")
        ->check(CLI::Range(1, 36500))
        ->capture_default_str();
    certificates_->add_option("nodes", certificate_flags_.nodes, "names of the nodes, a folder each")
        ->type_name("NODE...")
        ->required();
  }

  /// An option of the command's own, with the values and the words that topologies' options have.
  template <class T, class Flag>
  static CLI::Option* add_value(CLI::App& app, const std::string& name, Flag& flag, const limits& allowed,
                                const std::string& help) {
    using value = detail::option_value<T>;
    const auto set = [&flag, name, allowed](const std::string& text) {
      try {
        flag = value::parse(text, allowed);
      } catch (const std::invalid_argument& problem) {
        throw CLI::ValidationError{name, problem.what()};
      }
    };
    return app.add_option_function<std::string>(name, set, help)->type_name(std::string{value::type_name()});
  }

  /// What is no address is refused here, before there is a node; empty: nothing is wrong.
  static std::string address_problem(const std::string& text) {
    const auto colon = text.rfind(':');
    try {
      if (colon == text.npos || colon == 0) throw std::invalid_argument{"no host or no port"};
      static_cast<void>(detail::option_value<unsigned>::parse(text.substr(colon + 1), {.most = 65535}));
      return {};
    } catch (const std::invalid_argument&) {
      return "'" + text + "' is no address: write HOST:PORT, such as 127.0.0.1:7000";
    }
  }

  /// How this program is a node, whichever command makes it one.
  static void add_node_options(CLI::App& app, node_flags& flags, const std::string& group,
                               const detail::definition* which) {
    if (is_free(which, "listen")) {
      app.add_option("--listen", flags.listen, "where others reach it; port 0: one that is free")
          ->type_name("HOST:PORT")
          ->check(address_problem)
          ->capture_default_str()
          ->group(group);
    }
    if (is_free(which, "certificates")) {
      app.add_option(
             "--certificates", flags.certificates,
             "its folder, as the command 'certificates' makes it: for addresses that are not loopback")
          ->type_name("DIR")
          ->group(group);
    }
    if (is_free(which, "heartbeat")) {
      using value = std::chrono::milliseconds;
      add_value<value>(app, "--heartbeat", flags.heartbeat, {.least = 2},
                       "how often nodes say that they are there; after three in a row of "
                       "which none was heard, one is down")
          ->default_str(detail::option_value<value>::text_of(flags.heartbeat))
          ->group(group);
    }
  }

  /// What is wrong with the first word that nothing knows.
  std::optional<std::string> unexpected(int argc, char** argv) const {
    const auto* const command = app_.get_subcommands().front();
    const auto chosen = command->get_subcommands();
    const auto known = long_names(chosen.empty() ? *command : *chosen.front());
    for (int i = 2; i < argc; ++i) {
      const std::string word = argv[i];
      const auto name = word.substr(0, word.find('='));
      if (!name.starts_with("-") || std::find(known.begin(), known.end(), name) != known.end() ||
          name == "-h")
        continue;
      return "there is no option '" + name + "'." + meant(name, known);
    }
    return std::nullopt;
  }

  /// A topology's or a job's own option of a name is its own.
  static bool is_free(const detail::definition* which, const std::string& name) {
    return which == nullptr || std::none_of(which->options.begin(), which->options.end(),
                                            [&](const auto& option) { return option.name == name; });
  }

  void add_places(const detail::definition& which, CLI::App& app) {
    if (!is_free(&which, "nodes")) return;
    const std::string group = "ON OTHER NODES";
    app.add_option("--nodes", flags_.on.join,
                   which.is_job() ? "where the pools' workers are: nodes of this program"
                                  : "where the stages are: nodes of this program")
        ->type_name("HOST:PORT,...")
        ->delimiter(',')
        ->check(address_problem)
        ->group(group);
    add_node_options(app, flags_.on, group, &which);
  }

  void add_faults(const detail::definition& which, CLI::App& app) {
    const std::string group = "FAULTS ON PURPOSE";
    if (is_free(&which, "kills")) {
      add_value<std::uint64_t>(app, "--kills", flags_.kills, {},
                               "kill -9 so many processes that are not idle, at random moments")
          ->group(group);
    }
    if (is_free(&which, "seed"))
      add_value<std::uint64_t>(app, "--seed", flags_.seed, {}, "of the random moments")->group(group);
    if (is_free(&which, "stop"))
      app.add_flag("--stop", flags_.stop, "pause processes too (SIGSTOP)")->group(group);
    if (is_free(&which, "slow"))
      app.add_flag("--slow", flags_.slow, "delay one turn in a hundred")->group(group);
  }

  CLI::App* add_options(const detail::definition& which, CLI::App& app) try {
    for (const auto& option : which.options) {
      const auto keep = [this, name = option.name](const std::string& text) { given_[name] = text; };
      if (option.type.empty()) {
        // What is on unless one says otherwise is offered as what one would say.
        const bool is_on = option.default_text == "true";
        app.add_flag_callback((is_on ? "--no-" : "--") + option.name,
                              [keep, is_on] { keep(is_on ? "false" : "true"); },
                              (is_on ? "not: " : "") + option.help);
      } else {
        app.add_option_function<std::string>("--" + option.name, keep, option.help)
            ->type_name(option.type)
            ->default_str(option.default_text)
            ->take_last();
      }
    }
    return &app;
  } catch (const CLI::OptionAlreadyAdded&) {
    const auto is_help = [](const auto& option) { return option.name == "help"; };
    const bool has_help = std::any_of(which.options.begin(), which.options.end(), is_help);
    throw std::logic_error{"'" + which.name + "' has " +
                           (has_help ? "an option named 'help': --help is there already, give it another name"
                                     : "two options of one name")};
  }

  /// The command that was understood, whatever came after it.
  [[nodiscard]] std::string help() const {
    std::string words = program_;
    for (auto chosen = app_.get_subcommands(); !chosen.empty(); chosen = chosen.front()->get_subcommands())
      words += " " + chosen.front()->get_name();
    return words;
  }

  std::string program_;
  CLI::App app_;
  CLI::App* list_ = nullptr;
  CLI::App* run_ = nullptr;
  CLI::App* graph_ = nullptr;
  CLI::App* node_ = nullptr;
  CLI::App* nodes_ = nullptr;
  CLI::App* certificates_ = nullptr;
  given_options given_;
  run_flags flags_;
  node_flags node_flags_;
  certificate_flags certificate_flags_;
  std::string format_ = "text";
};

}  // namespace

int main(int argc, char** argv) {
  guard(argc, argv);
  const auto program = argc > 0 ? std::filesystem::path{argv[0]}.filename().string() : std::string{"troupe"};
  try {
    return command_line{program}.execute(argc, argv);
  } catch (const usage_error& problem) {
    std::cerr << program << ": " << problem.what() << '\n';
    return usage_status;
  } catch (const interrupted& problem) {
    std::cerr << program << ": " << problem.what() << '\n';
    return problem.status();
  } catch (const std::exception& problem) {
    std::cerr << program << ": " << text_of(problem) << '\n';
    return 1;
  }
}

}  // namespace troupe::launcher
