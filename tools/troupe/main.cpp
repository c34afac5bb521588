// The `troupe` command: the topologies are those of samples/, which are linked into it.
#include <troupe/launcher.hpp>

int main(int argc, char** argv) { return troupe::launcher::main(argc, argv); }
