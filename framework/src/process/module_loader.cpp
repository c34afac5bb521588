#include "process/module_loader.hpp"

#include "platform/process.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace troupe::process_layer {

module_loader::module_loader(boost::asio::io_context& loop, actor_main run_actor, events tell)
    : loop_{loop}, run_actor_{run_actor}, tell_{std::move(tell)} {}

void module_loader::load(const std::string& path) {
  if (std::find(waiting_.begin(), waiting_.end(), path) != waiting_.end()) return;
  waiting_.push_back(path);
  if (candidate_ == 0) begin_next();
}

bool module_loader::has(const std::string& path) const {
  return std::find(modules_.begin(), modules_.end(), path) != modules_.end();
}

void module_loader::begin_next() {
  while (candidate_ == 0 && !waiting_.empty()) {
    if (has(waiting_.front())) {
      finish("");
      continue;
    }
    auto all = modules_;
    all.push_back(waiting_.front());
    try {
      auto started = start_zygote(run_actor_, all);
      candidate_ = started.pid;
      link_ = control_link{std::move(started.control)};
    } catch (const std::system_error& problem) {
      finish(problem.what());
      continue;
    }
    ready_.watch(link_.socket());
    listen();
    timer_.expires_after(patience_);
    timer_.async_wait([this](auto error) {
      if (error) return;
      platform::signal_child(candidate_, platform::kill_signal);
      finish("its initialisation did not end within start_timeout");
      begin_next();
    });
  }
}

void module_loader::listen() {
  ready_.when_readable([this] {
    control_message message;
    switch (link_.receive(message)) {
      case control_link::state::empty: return listen();
      case control_link::state::closed: return;  // we shall be told how it ended
      case control_link::state::message: break;
    }
    finish(message.as<loaded>().why);
    begin_next();
  });
}

void module_loader::candidate_ended(const std::string& how) {
  control_message message;
  const bool told = link_.receive(message) == control_link::state::message;
  const auto why = told ? message.as<loaded>().why : "";
  finish(!why.empty() ? why : "its initialisation ended the process (" + how + ")");
  begin_next();
}

void module_loader::finish(const std::string& problem) {
  ready_.end();
  timer_.cancel();
  const auto path = std::move(waiting_.front());
  waiting_.pop_front();
  const auto pid = std::exchange(candidate_, 0);
  auto control = link_.release();
  if (problem.empty() && pid != 0) {
    modules_.push_back(path);
    tell_.loaded({pid, std::move(control)});
  }
  tell_.done(path, problem);
}

}  // namespace troupe::process_layer
