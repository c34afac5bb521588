// The main of every test program that starts processes: these come through it too, and go no further than the guard.
#define CATCH_CONFIG_RUNNER
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>

int main(int argc, char** argv) {
  troupe::guard(argc, argv);
  return Catch::Session().run(argc, argv);
}
