// A host that has asked for handle_signals: signals_driver MODE. Prints "ready" when it waits as MODE says, then what the
// wait ended with.
#include <troupe/troupe.hpp>

#include <chrono>
#include <iostream>
#include <signal.h>
#include <string>
#include <unistd.h>

namespace {

class worker {
 public:
  int work(int milliseconds) {
    ::usleep(static_cast<unsigned>(milliseconds) * 1000);
    return ++done_;
  }
  void hang() {
    ::signal(SIGTERM, SIG_IGN);
    for (;;) ::pause();
  }
  ~worker() { std::cout << "destroyed after " << done_ << std::endl; }

 private:
  int done_ = 0;
};

void say(const std::string& text) { std::cout << text << std::endl; }

template <class Wait>
void expect_the_stop(Wait wait) {
  try {
    wait();
    say("went on");
  } catch (const troupe::system_stopped&) {
    say("system_stopped");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  int status = 0;
  {
    troupe::actor_system system{{.grace = std::chrono::seconds{mode == "stuck" ? 30 : 10}}};
    system.handle_signals();
    const auto one = system.spawn<worker>();
    one.ask<&worker::work>(0).get();
    if (mode == "ask" || mode == "stuck") {
      if (mode == "stuck") one.tell<&worker::hang>();
      auto answer = one.ask<&worker::work>(300);
      say("ready");
      expect_the_stop([&] { answer.get(); });
      expect_the_stop([&] { one.ask<&worker::work>(0).get(); });
      expect_the_stop([&] { (void)system.spawn<worker>(); });
    } else if (mode == "told") {
      for (int i = 0; i < 50; ++i) one.tell<&worker::work>(5);
      say("ready");
      expect_the_stop([&] { one.join(); });
    } else {
      say("ready");
      expect_the_stop([&] { one.join(); });
    }
    say("by " + std::to_string(system.interrupted_by()));
    status = 128 + system.interrupted_by();
  }
  struct sigaction now {};
  ::sigaction(SIGINT, nullptr, &now);
  say(now.sa_handler == SIG_DFL ? "handlers are back" : "handlers are left");
  return status;
}
