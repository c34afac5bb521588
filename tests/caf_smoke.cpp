// That cmake/FindCAF.cmake finds a CAF which compiles, links and runs: one actor, one request, one answer. CAF's default
// scheduler steals work and sleeps between tries; policy `sharing` does not, so that is the one we use.
#include <caf/all.hpp>
#include <chrono>
#include <iostream>
#include <string>

namespace {

// With an argument: for a function without any, CAF 0.17 binds a reference to *nullptr, which UBSan refuses.
caf::behavior multiplier(int factor) {
  return {[factor](int n) { return factor * n; }};
}

}  // namespace

int main() {
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", 1);
  caf::actor_system system{config};

  const auto policy = caf::get_or(system.config(), "scheduler.policy", caf::atom("none"));
  if (policy != caf::atom("sharing")) {
    std::cerr << "caf_smoke: the scheduler's policy is " << caf::to_string(policy) << ", not sharing\n";
    return 1;
  }

  int status = 1;
  caf::scoped_actor self{system};
  auto actor = self->spawn(multiplier, 2);
  self->request(actor, std::chrono::seconds{10}, 21)
      .receive(
          [&](int answer) {
            std::cout << "CAF " << CAF_MAJOR_VERSION << '.' << CAF_MINOR_VERSION << '.' << CAF_PATCH_VERSION
                      << " answers " << answer << '\n';
            status = answer == 42 ? 0 : 1;
          },
          [&](const caf::error& error) { std::cerr << "caf_smoke: " << system.render(error) << '\n'; });
  self->send_exit(actor, caf::exit_reason::user_shutdown);
  return status;
}
