// A service in CAF's own style whose untrusted part runs in a process of its own, and whose books are a process actor.
#include <troupe/caf.hpp>
#include <troupe/troupe.hpp>

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

namespace {

using report_atom = caf::atom_constant<caf::atom("report")>;

// An actor as CAF's users write them; it knows nothing of processes. Dividing by zero ends whatever process it is in.
caf::behavior evaluator(caf::event_based_actor*) {
  return {[](const std::string& text) {
    std::istringstream in{text};
    volatile int a = 0, b = 0;
    int left = 0, right = 0;
    char sign = 0;
    if (!(in >> left >> sign >> right)) throw std::invalid_argument{"'" + text + "' is no calculation"};
    a = left;
    b = right;
    return sign == '*' ? a * b : a / b;
  }};
}

// A class that knows nothing of CAF.
class books {
 public:
  void note(bool answered) { ++(answered ? answered_ : failed_); }
  std::string report() const {
    return std::to_string(answered_) + " answered, " + std::to_string(failed_) + " failed";
  }

 private:
  int answered_ = 0;
  int failed_ = 0;
};

// What clients talk to: to it the other two are CAF actors like any others.
caf::behavior front(caf::event_based_actor* self, const caf::actor& evaluate, const caf::actor& note) {
  self->monitor(evaluate);
  self->set_down_handler([](caf::down_msg& down) {
    std::cout << "the evaluator is gone for good: " << troupe::caf::text_of(down.reason) << std::endl;
  });
  return {
      [=](const std::string& text) {
        auto answer = self->make_response_promise();
        self->request(evaluate, std::chrono::seconds{10}, text)
            .then(
                [=](int result) mutable {
                  self->send(note, true);
                  answer.deliver(text + " = " + std::to_string(result));
                },
                [=](caf::error& problem) mutable {
                  self->send(note, false);
                  answer.deliver(text + ": " + troupe::caf::text_of(problem));
                });
        return answer;
      },
      [=](report_atom report) { return self->delegate(note, report); },
  };
}

class config : public caf::actor_system_config {
 public:
  std::uint16_t port = 0;
  std::string ask;
  bool report = false;

  config() {
    // Before CAF starts threads: the program is started a second time, and comes through here.
    troupe::guard(0, nullptr);
    set("scheduler.policy", caf::atom("sharing"));
    opt_group{custom_options_, "global"}
        .add(port, "port,p", "of the service; without --ask and --report it is started there, 0: any")
        .add(ask, "ask,a", "what to ask a service that runs")
        .add(report, "report,r", "ask it how many it has answered");
  }
};

void be_a_client(caf::actor_system& system, const config& given) {
  const auto service = system.middleman().remote_actor("127.0.0.1", given.port);
  if (!service) {
    std::cout << system.render(service.error()) << std::endl;
    return;
  }
  caf::scoped_actor self{system};
  const auto show = [](const std::string& answer) { std::cout << answer << std::endl; };
  const auto fail = [&](caf::error& problem) { std::cout << system.render(problem) << std::endl; };
  if (!given.ask.empty()) self->request(*service, std::chrono::seconds{20}, given.ask).receive(show, fail);
  if (given.report) {
    self->request(*service, std::chrono::seconds{20}, report_atom::value).receive(show, fail);
  }
}

void be_the_service(caf::actor_system& system, const config& given) {
  troupe::actor_system processes;
  const troupe::caf::gateway both{processes, system};

  const auto evaluate = troupe::caf::spawn<evaluator>(
      both, {.name = "evaluator", .restart = {.when = troupe::restart::on_crash, .most = 100}});
  using troupe::caf::method;
  const auto note = troupe::caf::as_caf(system, processes.spawn<books>({.name = "books"}),
                                        method<&books::note>, method<&books::report, report_atom>);

  const auto service = system.spawn(front, evaluate, note);
  const auto port = system.middleman().publish(service, given.port, "127.0.0.1");
  if (!port) {
    std::cout << system.render(port.error()) << std::endl;
  } else {
    std::cout << "listening on 127.0.0.1:" << *port << std::endl;
    std::cin.ignore(std::numeric_limits<std::streamsize>::max());  // until its input ends
  }
  caf::anon_send_exit(service, caf::exit_reason::user_shutdown);
}

void caf_main(caf::actor_system& system, const config& given) {
  if (given.ask.empty() && !given.report) {
    be_the_service(system, given);
  } else {
    be_a_client(system, given);
  }
}

}  // namespace

CAF_MAIN(caf::io::middleman)
