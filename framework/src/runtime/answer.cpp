#include "runtime/answer.hpp"

#include <troupe/errors.hpp>
#include <troupe/promise.hpp>

#include "runtime/actor_member.hpp"
#include "wire/problem.hpp"

#include <tuple>
#include <utility>
#include <vector>

namespace troupe {
namespace runtime {

answer::~answer() {
  if (call_ == 0) return;
  try {
    error(std::make_exception_ptr(broken_promise{"the actor let go of the promise without an answer"}));
  } catch (...) {
    // The asker is gone, or this process is about to be: nobody is left to tell.
  }
}

void answer::value(const detail::body& result) { send(wire::frame_kind::reply, result); }

void answer::error(std::exception_ptr problem) {
  const std::tuple<wire::problem> described{wire::describe(problem)};
  send(wire::frame_kind::error, detail::body_of(described));
}

std::unique_ptr<detail::replier> answer::detach() {
  return std::make_unique<answer>(self_, over_, std::exchange(call_, 0));
}

void answer::send(wire::frame_kind kind, const detail::body& body) {
  const auto call = std::exchange(call_, 0);
  if (call == 0) return;
  try {
    const auto incarnation = static_cast<std::uint16_t>(self_.description().incarnation);
    self_.reply(over_, {kind, call, 0, incarnation}, body);
  } catch (...) {
    call_ = call;  // the value could not be encoded: the caller will send what went wrong
    throw;
  }
}

}  // namespace runtime

namespace detail {

struct deferred_answer::state {
  std::unique_ptr<replier> reply;
  bool answered = false;
  std::vector<std::byte> early;  // a value that came before the question's address
  attached_memory early_attached;
  std::exception_ptr problem;
};

deferred_answer::deferred_answer() : state_{std::make_unique<state>()} {}
deferred_answer::~deferred_answer() = default;

void deferred_answer::bind(std::unique_ptr<replier> reply) {
  if (!state_->answered) {
    state_->reply = std::move(reply);
  } else if (state_->problem) {
    reply->error(state_->problem);
  } else {
    reply->value({state_->early.size(), &state_->early,
                  [](const void* bytes, byte_writer& out) {
                    const auto& from = *static_cast<const std::vector<std::byte>*>(bytes);
                    out.put(from.data(), from.size());
                  },
                  std::move(state_->early_attached)});
  }
}

void deferred_answer::value(const body& result) {
  if (state_->answered) return;
  if (state_->reply) {
    state_->reply->value(result);  // where that throws, another answer may still be given
    state_->reply.reset();
  } else {
    state_->early.resize(result.size);
    byte_writer out{state_->early};
    result.write(result.values, out);
    state_->early_attached = result.attached;
  }
  state_->answered = true;
}

void deferred_answer::error(std::exception_ptr problem) {
  if (std::exchange(state_->answered, true)) return;
  if (state_->reply) {
    state_->reply->error(std::move(problem));
    state_->reply.reset();
    return;
  }
  state_->problem = std::move(problem);
}

}  // namespace detail
}  // namespace troupe
