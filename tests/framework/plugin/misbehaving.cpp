// Plug-ins whose initialisation goes wrong.
#include <cstdlib>
#include <thread>
#include <unistd.h>

namespace {

struct misbehaviour {
  misbehaviour() {
#ifdef MISBEHAVES_BY_ABORTING
    std::abort();
#else
    std::thread{[] {
      for (;;) ::pause();
    }}.detach();
#endif
  }
};
const misbehaviour here;

}  // namespace
