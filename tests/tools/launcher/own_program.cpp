// A user's program: one topology with an option of each type, a job, and the launcher's main.
#include <troupe/launcher.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

struct settings {
  bool loud = false;
  int offset = -3;
  unsigned copies = 1;
  std::int64_t far = -5'000'000'000;
  std::uint64_t items = 3;
  double rate = 0.25;
  std::string colour = "green";
  std::filesystem::path folder = "/tmp";
  std::chrono::milliseconds pause{1500};
  std::string fate = "ends well";
};

class numbers {
 public:
  explicit numbers(std::uint64_t count) : count_{count} {}
  std::optional<std::uint64_t> next(std::uint64_t position) const {
    return position < count_ ? std::optional{position} : std::nullopt;
  }

 private:
  std::uint64_t count_;
};

class printer {
 public:
  explicit printer(std::string fate) : fate_{std::move(fate)} {}
  void operator()(const std::uint64_t& n) {
    std::cout << "number " << n << std::endl;
    if (fate_ == "aborts") std::abort();
    if (fate_ == "gives up") throw troupe::item_failed{"number " + std::to_string(n) + " is too much"};
  }
  int result() const { return 0; }

 private:
  std::string fate_;
};

std::string text_of(const settings& given) {
  return std::string{given.loud ? "loud" : "quiet"} + " " + std::to_string(given.offset) + " " +
         std::to_string(given.copies) + " " + std::to_string(given.far) + " " + std::to_string(given.rate) +
         " " + given.colour + " " + given.folder.string() + " " + std::to_string(given.pause.count()) + "\n";
}

troupe::topology print_numbers(const settings& given) {
  if (given.colour == "blue") throw troupe::launcher::bad_option{"colour", "blue is sold out"};
  troupe::topology graph{"print_numbers"};
  const auto from = graph.source<numbers>("numbers", given.items);
  const auto to = graph.sink<printer>("print", {.replicas = given.copies}, given.fate);
  graph.connect(from, to);
  graph.conclude(to, [given](std::vector<int>, const troupe::run_report&) {
    if (given.fate == "doubts it")
      return troupe::summary{.json = "false", .text = "", .errors = {"the numbers may be wrong"}};
    return troupe::summary{.json = "true", .text = text_of(given)};
  });
  return graph;
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("print_numbers", "Prints numbers.", print_numbers)
        .option("loud", &settings::loud, "a flag")
        .option("offset", &settings::offset, "an int")
        .option("copies", &settings::copies, "an unsigned", {.least = 1, .most = 4})
        .option("far", &settings::far, "a 64-bit int")
        .option("items", &settings::items, "a 64-bit unsigned")
        .option("rate", &settings::rate, "a double")
        .option("colour", &settings::colour, "a choice", {.one_of = {"red", "green", "blue"}})
        .option("folder", &settings::folder, "a path")
        .option("pause", &settings::pause, "a duration")
        .option("fate", &settings::fate, "ends well, doubts it, aborts or gives up");

struct greeting {
  std::string name = "world";
  bool politely = true;
};

class greeter {
 public:
  std::string greet(const std::string& name) { return "hello " + name; }
};

/// A job: a function that does its work in a system, without a graph.
troupe::summary greet(const greeting& given, troupe::actor_system& system) {
  if (given.name == "nobody") throw std::runtime_error{"there is nobody to greet"};
  if (given.name == "?") throw troupe::launcher::bad_option{"name", "? is no name"};
  auto text = system.spawn<greeter>().ask<&greeter::greet>(given.name).get();
  if (!given.politely) text = "hi " + given.name;
  if (given.name == "everybody")
    return {.json = "1", .text = text + "\n", .errors = {"one was out", "one slept"}};
  return {.json = "\"" + text + "\"", .text = text + "\n"};
}

const troupe::launcher::entry second = troupe::launcher::offer<greeting>("greet", "Greets somebody.", greet)
                                           .option("name", &greeting::name, "who is greeted")
                                           .option("politely", &greeting::politely, "say hello");

}  // namespace

int main(int argc, char** argv) {
  // What a program cannot offer, where a test wants it to.
  if (std::getenv("OFFERS_AN_OPTION_HELP") != nullptr) {
    [[maybe_unused]] const troupe::launcher::entry wrong =
        troupe::launcher::offer<greeting>("welcome", "Greets somebody else.", greet)
            .option("help", &greeting::name, "who is greeted");
  }
  if (std::getenv("OFFERS_AN_OPTION_TWICE") != nullptr) {
    [[maybe_unused]] const troupe::launcher::entry wrong =
        troupe::launcher::offer<greeting>("welcome", "Greets somebody else.", greet)
            .option("name", &greeting::name, "who is greeted")
            .option("name", &greeting::name, "the same");
  }
  return troupe::launcher::main(argc, argv);
}
