#include "framework/registry/second_file.hpp"

#include <troupe/detail/method.hpp>

namespace {

// The same names as in the other file.
struct twin {
  int value() { return 2; }
};
void twin_function() {}

}  // namespace

troupe::detail::entry_id other_method() {
  return troupe::detail::method_entry<twin, &twin::value>::registered.id();
}
troupe::detail::entry_id other_function() {
  return troupe::detail::function_entry<&twin_function>::registered.id();
}
