#include "node_reply.hpp"

#include <exception>
#include <utility>

namespace troupe::detail {
namespace {

exit_status gateway_is_gone(const actor_down& how) {
  exit_status status;
  status.kind = exit_kind::node_down;
  status.exception_text =
      "other nodes cannot be reached any more: this node's gateway is down (" + to_string(how.status()) + ")";
  return status;
}

}  // namespace

node_reply::node_reply(std::shared_ptr<node_endpoint> from, std::string gateway,
                       std::shared_ptr<remote::answer> inner, std::uint64_t label, of what)
    : from_{std::move(from)},
      gateway_{std::move(gateway)},
      inner_{std::move(inner)},
      label_{label},
      what_{what} {}

remote::raw_reader node_reply::result() try {
  auto in = inner_->result();
  const auto head = decode<answer_head>(in);
  auto bytes = in.take(in.take_count(1));
  if (what_ == of::call && head.copies != 0) copies_ = remote::take_copies(bytes, head.copies);
  if (from_ && head.node != 0) {
    remote::address there{0, head.node, 0};
    answering_ = from_->home(there);
  }
  remote::raw_reader values{bytes, answering_ ? answering_.get() : from_.get()};
  values.came_with(&copies_, true);
  read_answer(values, head.how, "of another node");
  return values;
} catch (const actor_down& down) {
  return end_of(down);
}

// Of a wait for an end that is an end as good as any.
remote::raw_reader node_reply::end_of(const actor_down& down) {
  const bool is_own_gateway = down.status().kind != exit_kind::node_down && down.actor() == gateway_;
  auto status = is_own_gateway ? gateway_is_gone(down) : down.status();
  if (what_ == of::call) {
    if (!is_own_gateway) throw;
    throw actor_down{"of another node", call_fate::died_running, std::move(status)};
  }
  const std::lock_guard lock{mutex_};
  if (end_.empty()) end_ = pack(status);
  return {end_, from_.get()};
}

std::uint32_t node_reply::incarnation() const try {
  if (!inner_->settled()) return 0;
  auto in = inner_->result();
  return decode<answer_head>(in).incarnation;
} catch (const std::exception&) {
  return 0;  // no answer has come
}

// Without the mutex where others' callbacks may run: they may want to know the same.
bool node_reply::has_begun() {
  if (has_begun_ || label_ == 0 || settled()) return has_begun_;
  std::shared_ptr<remote::answer> question;
  {
    const std::lock_guard lock{mutex_};
    question = std::exchange(question_, nullptr);
  }
  try {
    if (question && question->ready()) {
      auto in = question->result();
      if (decode<bool>(in)) has_begun_ = true;
      question.reset();
    }
    if (!has_begun_ && !question) question = from_->ask_whether_begun(label_);
  } catch (const error&) {
    // The answer itself says what the matter is.
  }
  const std::lock_guard lock{mutex_};
  question_ = std::move(question);
  return has_begun_;
}

void node_reply::cancel() {
  if (settled()) return;
  inner_->cancel();
  if (from_) from_->give_up(label_, false);
}

void node_reply::abort() {
  if (from_ && !settled()) from_->give_up(label_, true);
}

}  // namespace troupe::detail
