#include "both_ends.hpp"

#include "channel/journal.hpp"
#include "channel/page.hpp"
#include "platform/memory.hpp"
#include "platform/packet.hpp"
#include "platform/process.hpp"
#include "process/control.hpp"
#include "runtime/actor_member.hpp"
#include "runtime/system_access.hpp"
#include "wire/shared_memory.hpp"

#include <stdexcept>
#include <utility>

namespace instructions {

using namespace troupe;
using process_layer::control_link;
using process_layer::control_message;

namespace {

constexpr std::uint32_t actor_number = 1;
constexpr std::uint32_t host_slot = 3, actor_slot = 5;
const detail::actor_ref the_actor{actor_number, 0, 7};

other_stack* running = nullptr;  // the actor's

control_message receive(const control_link& from) {
  control_message message;
  if (from.receive(message) != control_link::state::message)
    throw std::logic_error{"a control message is not where it was put"};
  return message;
}

// As runtime::run_actor, but that the process goes on.
void run_actor(control_link link) {
  auto start = receive(link);
  // Never destroyed: nor is it in a process of its own.
  auto& self = *new std::shared_ptr{std::make_shared<runtime::actor_member>(std::move(link), start)};
  if (self->run() != 0) throw std::logic_error{"the actor ended by an exception"};
}

}  // namespace

void actor_sleeps() {
  if (running == nullptr) throw std::logic_error{"somebody else than the actor sleeps"};
  running->pause();
}

std::shared_ptr<both_ends> both_ends::make() {
  auto [ours, its] = platform::packet_pair();
  std::shared_ptr<both_ends> made{
      new both_ends{{control_link{std::move(ours)}, std::move(its)}, channel::page::create()}};
  made->system_ = detail::system_access::make(made);
  return made;
}

both_ends::both_ends(control_pair link, platform::descriptor page)
    : member{control_link{std::move(link.its)}, page, std::chrono::nanoseconds{0}},
      to_host_{std::move(link.ours)},
      host_page_{std::move(page)} {}

actor_system& both_ends::system() { return *system_; }

// --- What the guardian does -----------------------------------------------------------------------------------------------

detail::endpoint::spawned both_ends::spawn(detail::entry_id what, const std::string& default_name,
                                           const spawn_options& options, const detail::body& arguments) {
  if (actor_) throw std::logic_error{"there is one actor at most"};
  auto [ours, its] = platform::packet_pair();
  to_actor_ = control_link{std::move(ours)};
  actor_page_ = channel::page::create();
  send_start(what, options, arguments);
  connect(options, default_name);
  actor_ = std::make_unique<other_stack>(
      [link = std::make_shared<control_link>(std::move(its))] { run_actor(std::move(*link)); });
  running = actor_.get();
  let_actor_run();
  return {the_actor, default_name};
}

void both_ends::send_start(detail::entry_id what, const spawn_options& options,
                           const detail::body& arguments) {
  process_layer::start message;
  message.self = the_actor;
  message.name = "actor";
  message.entry = static_cast<std::uint64_t>(what);
  message.in_flight = options.in_flight;
  message.may_return = options.restart.when != restart::never;
  message.arguments.resize(arguments.size);
  detail::byte_writer out{std::as_writable_bytes(std::span{message.arguments})};
  arguments.write(arguments.values, out);

  std::vector given{actor_page_.get()};
  for (auto& memory : checkpoints_) {
    if (!message.may_return) break;
    memory = platform::create_growing_memory("troupe-checkpoint");
    given.push_back(memory.get());
  }
  for (const int each : wire::numbers_of(arguments.attached, {})) given.push_back(each);
  to_actor_.send(message, given);
}

void both_ends::connect(const spawn_options& options, const std::string& name) {
  const auto [at_host, at_actor] = platform::packet_pair();
  const auto journals = channel::create_journals(options.mailbox_bytes, options.mailbox_messages);
  const std::array to_actor{at_actor.get(), journals.get(), host_page_.get()};
  to_actor_.send(process_layer::accepted{{0, actor_slot, host_slot, channel::direction::back}}, to_actor);
  const bool may_return = options.restart.when != restart::never;
  const std::array to_host{at_host.get(), journals.get(), actor_page_.get()};
  to_host_.send(
      process_layer::spawned{0,
                             the_actor,
                             name,
                             platform::own_pid(),
                             {actor_number, host_slot, actor_slot, channel::direction::forth, may_return}},
      to_host);
  auto message = receive(link_);
  handle_control(message);
}

void both_ends::end() {
  const auto& over = connections_.find(actor_number)->second;
  to_actor_.send(process_layer::stop_after{0, over->channel->last_sequence(), actor_slot});
  let_actor_run();
  if (!actor_->has_ended()) throw std::logic_error{"the actor does not end when it is asked to"};
}

// --- What the host does ---------------------------------------------------------------------------------------------------

void both_ends::let_actor_run() { actor_->go_on(); }

bool both_ends::run_later_ones() {
  const auto due = std::exchange(later_, {});
  for (const auto& each : due) each();
  return !due.empty();
}

bool both_ends::read_all() {
  bool came = false;
  for (const auto& [peer, over] : connections_) {
    if (over->is_live() && over->channel->has_news()) came = pump(over) || came;
  }
  return came;
}

// As the host's, whose pages and locks it takes alike, but that the actor runs in the place of a sleep.
bool both_ends::wait_on(runtime::connection& over, const runtime::condition& done, detail::deadline) {
  const auto shared = over.shared_from_this();
  std::unique_lock lock{over.mutex};
  for (bool has_run = false; !done();) {
    lock.unlock();
    bool came = over.channel->has_news() && pump(shared);
    came = run_later_ones() || came;
    if (!came) {
      if (has_run) throw std::logic_error{"neither end can go on"};
      let_actor_run();
    }
    has_run = !came;
    lock.lock();
  }
  return true;
}

bool both_ends::wait_on_any(std::span<runtime::connection* const>, const runtime::condition& done,
                            detail::deadline) {
  for (bool has_run = false; !done();) {
    const bool came = read_all() || run_later_ones();
    if (came) {
      has_run = false;
      continue;
    }
    if (has_run) throw std::logic_error{"neither end can go on"};
    let_actor_run();
    has_run = true;
  }
  return true;
}

bool both_ends::wait_for_control(const runtime::condition& done, detail::deadline, std::uint32_t) {
  if (done()) return true;
  throw std::logic_error{"the guardian is not asked for anything here"};
}

void both_ends::receive_request(const std::shared_ptr<runtime::connection>&, channel::message&&) {
  throw std::logic_error{"the actor sent a request to the host"};
}

}  // namespace instructions
