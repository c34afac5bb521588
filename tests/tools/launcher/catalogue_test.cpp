#include "catalogue.hpp"

#include <catch2/catch.hpp>

using troupe::launcher::nearest;

TEST_CASE("a mistyped name finds the one that was meant") {
  const std::vector<std::string> names{"pool_map", "producer_consumer", "word_count"};
  CHECK(nearest("wordcount", names) == "word_count");
  CHECK(nearest("word-count", names) == "word_count");
  CHECK(nearest("worl_cuont", names) == "word_count");
  CHECK(nearest("poolmap", names) == "pool_map");
  CHECK(nearest("prod", names) == "producer_consumer");
  CHECK(nearest("consumer_producer", names).empty());
  CHECK(nearest("x", names).empty());
  CHECK(nearest("", names).empty());
}
