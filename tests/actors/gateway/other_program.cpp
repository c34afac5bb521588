// other_program [CERTIFICATES [MILLISECONDS]]: a node of another build, which waits so long for others to introduce themselves.
// Says where it listens, and lives until its input ends.
#include <troupe/node.hpp>
#include <troupe/troupe.hpp>

#include <chrono>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  troupe::guard(argc, argv);
  troupe::actor_system system;
  troupe::cluster_node_options options;
  if (argc > 1) options.certificates = argv[1];
  if (argc > 2) options.join_timeout = std::chrono::milliseconds{std::stoi(argv[2])};
  const troupe::cluster_node here{system, options};
  std::cout << here.address() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
}
