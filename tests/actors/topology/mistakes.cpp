// Does not compile. Every mistake is answered by the sentence above it; `each_mistake_is_told` holds the compiler to that.
#include <troupe/topology.hpp>

struct gives_numbers {
  std::optional<int> next(std::uint64_t position);
};
struct takes_texts {
  void operator()(const std::string& text);
};
struct passes_on {
  explicit passes_on(int number);
  void operator()(const int& number, troupe::outlet<int>& out);
};
struct gives_pointers {
  std::optional<int*> next(std::uint64_t position);
};
struct gives_without_end {
  int next(std::uint64_t position);
};

void mistakes(troupe::topology& graph) {
  // says: troupe: a source is a class with `std::optional<Out> next(std::uint64_t position)`, once
  graph.source<takes_texts>("a");
  // says: troupe: a source is a class with `std::optional<Out> next(std::uint64_t position)`, once
  graph.source<gives_without_end>("b");
  // says: troupe: what the source gives is not a message type: it cannot travel to another process
  graph.source<gives_pointers>("c");
  // says: troupe: a stage is a class with `void operator()(const In&, troupe::outlet<Out>&)`, once
  graph.stage<takes_texts>("d");
  // says: troupe: a sink is a class with `void operator()(const In&)`, once
  graph.sink<gives_numbers>("e");
  // says: troupe: the node's class has no constructor for these arguments
  graph.stage<passes_on>("f", "text");
  const auto numbers = graph.source<gives_numbers>("numbers");
  const auto texts = graph.sink<takes_texts>("texts");
  const auto onward = graph.stage<passes_on>("onward", 1);
  // says: troupe: the edge's first node gives another type than its second takes
  graph.connect(numbers, texts);
  // says: troupe: nothing leaves a sink
  graph.connect(texts, onward);
  // says: troupe: nothing leads to a source
  graph.connect(numbers, numbers);
  // says: troupe: by_key's key cannot be taken of the edge's items
  graph.connect(numbers, onward, troupe::by_key<&std::string::size>);
  // says: troupe: conclude is for a sink with a `Result result()`
  graph.conclude(texts, nullptr);
}
