// Topologies and jobs by name, with options, on the command line.
//
//   struct settings { std::filesystem::path path = "/usr/share/doc"; int counters = 2; };
//   troupe::topology word_count(const settings& given);
//
//   const troupe::launcher::entry here =
//       troupe::launcher::offer<settings>("word_count", "Counts the words of text files.", word_count)
//           .option("path", &settings::path, "the folder to read")
//           .option("counters", &settings::counters, "processes that count", {.least = 1});
//
//   int main(int argc, char** argv) { return troupe::launcher::main(argc, argv); }
//
// gives `program list`, `program run word_count --path DIR [--json]`, `program graph word_count`, and --help everywhere. A
// job is a function that is run as it stands, without a graph: `troupe::summary job(const settings&, troupe::actor_system&)`.
#pragma once

#include <troupe/topology.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::launcher {

/// The whole program, to be returned from `main` and called first in it. Exit status: 0 where all ended well, 1 for a run
/// that did not, 2 for a command line that makes no sense; the reason is on standard error. In a process that the library
/// started it never returns.
int main(int argc, char** argv);

/// Thrown by the function that makes a topology, about an option's value that it cannot work with: "no such folder".
class bad_option : public std::invalid_argument {
 public:
  bad_option(const std::string& option, const std::string& why)
      : std::invalid_argument{"--" + option + ": " + why} {}
};

/// What an option's value must keep to.
struct limits {
  troupe::detail::not_from_braces only_named{};
  std::optional<double> least{};  ///< of a number or a duration in milliseconds
  std::optional<double> most{};
  std::vector<std::string> one_of{};  ///< of a text: nothing else
};

/// In a job: the places for the workers of its pools (`pool_options::nodes`), which are on the nodes that `--nodes` names;
/// empty without that. A topology's stages are there without being told.
[[nodiscard]] std::vector<placement> nodes();

/// What a job calls to say how far it has come, in its own thread: shown on a terminal, and nowhere else.
using show_progress = std::function<void(const progress& so_far)>;

namespace detail {

/// The values of an option, to and from text. Defined for the types of `option_type`.
template <class T>
struct option_value {
  static std::string_view type_name();  ///< for people: INTEGER, TEXT, PATH, ...; empty for a flag
  static std::string text_of(const T& value);
  /// Throws `std::invalid_argument` with what is wrong: "'ten' is not a whole number".
  static T parse(const std::string& text, const limits& allowed);
};

/// An option, without the type of its settings.
struct option_record {
  std::string name;
  std::string type;
  std::string default_text;  ///< as one would write it
  std::string help;
  limits allowed{};
  std::function<void(void* settings, const std::string& text)> set;  ///< throws `bad_option`
};

/// A topology or a job that can be run by name, without the type of its settings.
struct definition {
  std::string name;
  std::string help;
  std::string group;
  std::vector<option_record> options;
  std::function<std::shared_ptr<void>()> default_settings;
  std::function<topology(const void* settings)> make;  ///< of a topology
  std::function<summary(const void* settings, actor_system& system, const show_progress& show)>
      run;  ///< of a job

  [[nodiscard]] bool is_job() const { return run != nullptr; }
};

void enlist(std::shared_ptr<const definition> made);

}  // namespace detail

/// Types that an option may have. Any integer but `char`; a `bool` is a flag; durations are written 500ms, 2s, 1.5min.
template <class T>
concept option_type = std::same_as<T, bool> || std::same_as<T, int> || std::same_as<T, unsigned> ||
    std::same_as<T, std::int64_t> || std::same_as<T, std::uint64_t> || std::same_as<T, double> ||
    std::same_as<T, std::string> || std::same_as<T, std::filesystem::path> ||
    std::same_as<T, std::chrono::milliseconds>;

/// Describes a topology, or a job, and its options: a plain struct whose members' types and initial values they have.
template <class Settings>
class offer {
 public:
  /// `make` may throw `bad_option`.
  offer(std::string name, std::string help, topology (*make)(const Settings&))
      : offer{std::move(name), std::move(help)} {
    made_->make = [make](const void* settings) { return make(*static_cast<const Settings*>(settings)); };
  }
  /// `job` does its work in a system that is there for it alone, and says what came of it. It may throw `bad_option`;
  /// another exception is the end of a run that did not go well.
  offer(std::string name, std::string help, summary (*job)(const Settings&, actor_system&))
      : offer{std::move(name), std::move(help)} {
    made_->run = [job](const void* settings, actor_system& system, const show_progress&) {
      return job(*static_cast<const Settings*>(settings), system);
    };
  }
  offer(std::string name, std::string help,
        summary (*job)(const Settings&, actor_system&, const show_progress&))
      : offer{std::move(name), std::move(help)} {
    made_->run = [job](const void* settings, actor_system& system, const show_progress& show) {
      return job(*static_cast<const Settings*>(settings), system, show);
    };
  }

  /// The heading that `list` shows it under.
  offer& group(std::string heading) {
    made_->group = std::move(heading);
    return *this;
  }

  template <class T>
  offer& option(std::string name, T Settings::*member, std::string help, limits allowed = {}) {
    static_assert(option_type<T>,
                  "troupe: an option is a bool, an integer, a double, a std::string, a path or milliseconds");
    const auto set = [name, member, allowed](void* settings, const std::string& text) {
      try {
        static_cast<Settings*>(settings)->*member = detail::option_value<T>::parse(text, allowed);
      } catch (const std::invalid_argument& problem) {
        throw bad_option{name, problem.what()};
      }
    };
    made_->options.push_back({name, std::string{detail::option_value<T>::type_name()},
                              detail::option_value<T>::text_of(Settings{}.*member), std::move(help),
                              std::move(allowed), set});
    return *this;
  }

 private:
  friend class entry;
  offer(std::string name, std::string help) {
    made_->name = std::move(name);
    made_->help = std::move(help);
    made_->default_settings = [] { return std::make_shared<Settings>(); };
  }

  std::shared_ptr<detail::definition> made_ = std::make_shared<detail::definition>();
};

/// Makes a topology or a job known to `main`, by a static object of any source file of the program.
class entry {
 public:
  template <class Settings>
  entry(const offer<Settings>& offered) {  // NOLINT: written with `=`
    detail::enlist(offered.made_);
  }
};

}  // namespace troupe::launcher
