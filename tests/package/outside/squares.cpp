// A topology of the project's own, and the command line that comes with it.
#include <troupe/launcher.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace {

struct settings {
  std::uint64_t numbers = 10;
};

class count_up {
 public:
  explicit count_up(std::uint64_t numbers) : numbers_{numbers} {}
  std::optional<std::uint64_t> next(std::uint64_t position) const {
    return position < numbers_ ? std::optional{position + 1} : std::nullopt;
  }

 private:
  std::uint64_t numbers_;
};

class square {
 public:
  void operator()(const std::uint64_t& n, troupe::outlet<std::uint64_t>& out) { out.emit(n * n); }
};

class add {
 public:
  void operator()(const std::uint64_t& n) { sum_ += n; }
  std::uint64_t result() const { return sum_; }

 private:
  std::uint64_t sum_ = 0;
};

troupe::topology squares(const settings& given) {
  troupe::topology graph{"squares"};
  const auto numbers = graph.source<count_up>("numbers", given.numbers);
  const auto squared = graph.stage<square>("square", {.replicas = 2});
  const auto sum = graph.sink<add>("sum");
  graph.connect(numbers, squared);
  graph.connect(squared, sum);
  graph.conclude(sum, [](std::vector<std::uint64_t> sums, const troupe::run_report&) {
    return troupe::summary{.json = std::to_string(sums.at(0)),
                           .text = "sum " + std::to_string(sums.at(0)) + "\n"};
  });
  return graph;
}

const troupe::launcher::entry here = troupe::launcher::offer<settings>("squares", "Adds up squares.", squares)
                                         .option("numbers", &settings::numbers, "how many");

}  // namespace

int main(int argc, char** argv) { return troupe::launcher::main(argc, argv); }
