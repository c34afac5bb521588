#include <troupe/caf/errors.hpp>
#include <troupe/detail/caf/passage.hpp>

#include <algorithm>
#include <iostream>
#include <utility>

namespace troupe::caf::detail {

::caf::actor passage::open() {
  auto proxy = system_->spawn<::caf::detached>(
      [self = shared_from_this()](::caf::event_based_actor* mine) { return self->represent(mine); });
  {
    const std::lock_guard guard{mutex_};
    proxy_ = proxy.address();
  }
  go_on_collecting();
  return proxy;
}

// --- On the proxy's thread ------------------------------------------------------------------------------------------------

::caf::behavior passage::represent(::caf::event_based_actor* self) {
  end_with(self, where(), unreferenced::stop);
  self->attach_functor([way = shared_from_this()] { way->close(); });
  on_any_message(
      self, [self, way = shared_from_this()](::caf::message what) { way->pass_on(self, std::move(what)); });
  self->set_exit_handler([self, way = shared_from_this()](::caf::exit_msg& exit) {
    if (is_wake(self, exit)) return self->quit(way->ending_.reason().value_or(::caf::error{}));
    way->pass_exit_on(exit);
  });
  return no_behavior();
}

void passage::pass_on(::caf::event_based_actor* self, ::caf::message what) {
  parcel leaving{.peer = number_of(self->current_sender())};
  const auto promise = self->make_response_promise();
  leaving.urgent = promise.id().is_urgent_message();
  try {
    if (const auto problem = write(self->system(), leaving.content, what)) {
      throw malformed_message{"the message does not travel: " + self->system().render(problem)};
    }
    if (promise.async()) return tell(leaving);
    request(leaving, promise);
  } catch (const malformed_message& malformed) {
    if (promise.async()) std::cerr << "troupe::caf: " << malformed.what() << std::endl;
    if (!promise.async()) respond(promise, ::caf::make_message(to_error(std::current_exception())));
  } catch (...) {
    if (!promise.async()) respond(promise, ::caf::make_message(to_error(std::current_exception())));
  }
}

void passage::request(const parcel& what, const ::caf::response_promise& promise) {
  ask(what).then(
      [way = shared_from_this(), promise](future<bytes> ready) { respond(promise, way->answer_in(ready)); });
}

void passage::pass_exit_on(::caf::exit_msg& exit) {
  parcel leaving{.kind = parcel::what::exit,
                 .peer = number_of(::caf::actor_cast<::caf::strong_actor_ptr>(exit.source))};
  try {
    if (!write(*system_, leaving.content, exit.reason)) tell(leaving);
  } catch (const troupe::error&) {  // it has ended, and is about to say so
  }
}

void passage::close() {
  const std::lock_guard guard{mutex_};
  system_ = nullptr;
  peers_.clear();
}

std::uint64_t passage::number_of(const ::caf::strong_actor_ptr& peer) {
  if (!peer) return 0;
  const std::lock_guard guard{mutex_};
  peers_.try_emplace(peer->id(), ::caf::actor_cast<::caf::actor_addr>(peer));
  if (peers_.size() > 2 * had_) {
    std::erase_if(peers_,
                  [](const auto& each) { return !::caf::actor_cast<::caf::strong_actor_ptr>(each.second); });
    had_ = std::max<std::size_t>(peers_.size(), 64);
  }
  return peer->id();
}

// --- On the thread that runs callbacks ------------------------------------------------------------------------------------

::caf::message passage::answer_in(future<bytes>& ready) {
  try {
    const auto content = ready.get();
    const std::lock_guard guard{mutex_};
    ::caf::message answer;
    if (system_ == nullptr) return ::caf::make_message(::caf::make_error(::caf::sec::request_receiver_down));
    if (const auto problem = read(*system_, content, answer))
      throw malformed_message{"the answer could not be read: " + system_->render(problem)};
    return answer;
  } catch (...) {
    return ::caf::make_message(to_error(std::current_exception()));
  }
}

void passage::go_on_collecting() {
  try {
    collect().then([way = shared_from_this()](future<std::vector<parcel>> came) { way->bring(came); });
  } catch (const actor_down& down) {
    end(down.status());
  } catch (const troupe::error& stopped) {
    ending_.come(proxy_, to_error(std::current_exception()));
  }
}

void passage::bring(future<std::vector<parcel>>& came) {
  try {
    for (const auto& each : came.get()) bring(each);
  } catch (const actor_down& down) {
    // Where its handler ran there may be another process, or about to be: only then the next one says that it is gone.
    if (down.fate() != call_fate::died_running) return end(down.status());
  } catch (const troupe::error& stopped) {
    return ending_.come(proxy_, to_error(std::current_exception()));
  }
  go_on_collecting();
}

void passage::bring(const parcel& what) {
  const std::lock_guard guard{mutex_};
  if (system_ == nullptr) return;
  if (what.kind == parcel::what::ended) {
    ::caf::error reason;
    if (!read(*system_, what.content, reason)) last_reason_ = std::move(reason);
    return;
  }
  const auto known = peers_.find(what.peer);
  if (known == peers_.end()) return;
  const auto to = ::caf::actor_cast<::caf::strong_actor_ptr>(known->second);
  ::caf::message content;
  if (!to) return;
  if (const auto problem = read(*system_, what.content, content)) {
    std::cerr << "troupe::caf: a message could not be read: " << system_->render(problem) << std::endl;
    return;
  }
  to->enqueue(::caf::actor_cast<::caf::strong_actor_ptr>(proxy_), message_number(what.urgent),
              std::move(content), nullptr);
}

void passage::end(const exit_status& status) {
  const std::lock_guard guard{mutex_};
  const bool by_itself = status.ok() || status.kind == exit_kind::exception;
  ending_.come(proxy_, by_itself && last_reason_ ? *last_reason_ : to_error(status));
}

}  // namespace troupe::caf::detail
