// says: troupe: a function's process cannot be a coroutine
#include <troupe/troupe.hpp>

troupe::task<> work() { co_return; }
void use(troupe::actor_system& system) { system.spawn<work>(); }
