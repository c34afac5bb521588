#include <troupe/detail/shared_memory.hpp>
#include <troupe/errors.hpp>
#include <troupe/packed.hpp>
#include <troupe/relay.hpp>
#include <troupe/remote.hpp>

#include "platform/module.hpp"
#include "registry/registry.hpp"
#include "runtime/actor_member.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <stdexcept>
#include <utility>

namespace troupe {
namespace {

std::atomic<remote::endpoint_maker> maker{nullptr};

runtime::actor_member& the_gateway() { return runtime::actor_member::current_for("troupe::remote"); }

}  // namespace

namespace runtime {

remote::gateway_entry member::gateway(const remote::gateway_entry& is) {
  {
    const std::lock_guard lock{mutex_};
    check_not_stopped();
    if (gateway_.node != 0 && is.node == 0) return gateway_;
  }
  process_layer::gateway message{0, is.actor, is.name, is.node};
  open_request(message.request);
  send_control(message);
  auto answered = wait_for(message.request);
  const std::lock_guard lock{mutex_};
  return gateway_ = std::move(answered.gateway);
}

bool member::verify(const detail::actor_ref& whom) {
  process_layer::verify message{0, whom};
  open_request(message.request);
  send_control(message);
  return wait_for(message.request).is_so;
}

std::shared_ptr<detail::endpoint> member::home(detail::actor_ref& ref) {
  if (ref.node == 0) return shared_from_this();
  const auto by = gateway();
  if (ref.node == by.node) {
    ref.node = 0;
    return shared_from_this();
  }
  const auto make = maker.load(std::memory_order_acquire);
  if (by.node == 0 || make == nullptr) {
    throw malformed_message{
        "an actor on another node cannot be called from here: this system is no node (make a "
        "troupe::cluster_node)"};
  }
  const std::lock_guard lock{mutex_};
  check_not_stopped();
  auto& there = nodes_[ref.node];
  if (!there) there = make(shared_from_this(), by, ref.node);
  return there;
}

std::shared_ptr<detail::pending_reply> member::try_ask(const detail::actor_ref& to, detail::entry_id method,
                                                       const detail::body& arguments) {
  const auto over = find_connection(to);
  const std::lock_guard lock{over->mutex};
  over->check_open();
  auto& channel = *over->channel;
  const auto call = over->last_call + 1;
  const channel::envelope what{wire::frame_kind::ask, static_cast<std::uint64_t>(method), call};
  if (channel.has_kept() || !channel.append(what, arguments)) return nullptr;
  over->last_call = call;
  auto pending = std::make_shared<pending_ask>(shared_from_this(), over, channel.last_sequence(), call);
  over->asks.emplace(call, pending);
  if (in_turn()) {
    touched(over);
  } else {
    channel.publish();
    channel.push();
  }
  return pending;
}

void actor_member::when_room(const detail::actor_ref& at, std::size_t size, std::size_t attached,
                             std::function<void()> run) {
  room_wanted_.push_back({find_connection(at), size, attached, std::move(run)});
}

// Looked at again after it has been said that room is wanted: what was made before that brings no packet.
void actor_member::look_for_room() {
  for (auto& each : std::exchange(room_wanted_, {})) {
    const auto is_over = [&] {
      return !each.at->is_live() || each.at->down || each.at->channel->has_room_for(each.size, each.attached);
    };
    if (!is_over()) each.at->channel->want_room();
    if (is_over()) {
      later_.push_back(std::move(each.run));
    } else {
      room_wanted_.push_back(std::move(each));
    }
  }
}

}  // namespace runtime

void remote::become_gateway(std::uint32_t number) {
  const auto& start = the_gateway().description();
  const auto now = the_gateway().gateway({start.self, start.name, number});
  if (now.actor.id != start.self.id)
    throw std::logic_error{"troupe: this system is a node already: its gateway is " + now.name};
}

void remote::make_endpoints_by(endpoint_maker how) { maker.store(how, std::memory_order_release); }

remote::raw_message remote::as_message(const std::span<const std::byte>& bytes, attached_memory attached) {
  return {bytes.size(), &bytes,
          [](const void* from, detail::byte_writer& out) {
            const auto& all = *static_cast<const std::span<const std::byte>*>(from);
            out.put(all.data(), all.size());
          },
          std::move(attached)};
}

namespace {

// Before each copy.
struct copy_head {
  std::uint64_t size = 0;
  bool is_sealed = false;
};
constexpr std::size_t copy_head_size = 9;

std::size_t size_of_copies(const remote::attached_memory& of) {
  std::size_t size = 0;
  for (const auto& each : of) size += copy_head_size + each->bytes().size();
  return size;
}

std::uint8_t write_copies(std::vector<std::byte>& bytes, const remote::attached_memory& of) {
  for (const auto& each : of) {
    const auto all = each->bytes();
    const auto head = pack(copy_head{all.size(), each->is_sealed()});
    bytes.insert(bytes.end(), head.begin(), head.end());
    bytes.insert(bytes.end(), all.begin(), all.end());
  }
  return static_cast<std::uint8_t>(of.size());
}

}  // namespace

std::size_t remote::written_size(const raw_message& values) {
  if (values.attached.size() != values.plain_attachments) {
    throw std::logic_error{
        "troupe: shared memory (shared_value, shared_array, locks) is for processes of one machine: send the "
        "values themselves to another node"};
  }
  return values.size + size_of_copies(values.attached);
}

std::uint8_t remote::write_onto(std::vector<std::byte>& bytes, const raw_message& values) {
  bytes.reserve(bytes.size() + written_size(values));
  const auto copies = write_copies(bytes, values.attached);  // first: what is written is given away
  const auto at = bytes.size();
  bytes.resize(at + values.size);
  detail::byte_writer out{std::span{bytes}.subspan(at)};
  if (values.size != 0) values.write(values.values, out);
  return copies;
}

std::size_t remote::written_size(const raw_reader& answer) {
  return answer.left() + (answer.attached() == nullptr ? 0 : size_of_copies(*answer.attached()));
}

std::uint8_t remote::write_onto(std::vector<std::byte>& bytes, raw_reader& answer) {
  bytes.reserve(bytes.size() + written_size(answer));
  const auto copies =
      answer.attached() == nullptr ? std::uint8_t{0} : write_copies(bytes, *answer.attached());
  const auto values = answer.take(answer.left());
  bytes.insert(bytes.end(), values.begin(), values.end());
  return copies;
}

namespace {

/// Uses each of the copies that `bytes` begin with; what is behind them.
template <class Use>
std::span<const std::byte> read_copies(std::span<const std::byte> bytes, std::uint8_t count, const Use& use) {
  if (count > detail::max_attachments)
    throw malformed_message{"a message has more shared buffers than one may have"};
  remote::raw_reader in{bytes, nullptr};
  for (; count != 0; --count) {
    const auto head = detail::decode<copy_head>(in);
    if (head.size > in.left()) detail::throw_message_too_short(head.size, in.left());
    use(in.take(static_cast<std::size_t>(head.size)), head.is_sealed);
  }
  return in.take(in.left());
}

}  // namespace

remote::attached_memory remote::take_copies(std::span<const std::byte>& bytes, std::uint8_t count) {
  attached_memory taken;
  bytes = read_copies(bytes, count, [&](std::span<const std::byte> copied, bool is_sealed) {
    auto memory = detail::make_shared_memory("troupe-copy", copied.size());
    std::copy(copied.begin(), copied.end(), memory->bytes().begin());
    if (is_sealed) memory->seal();
    taken.push_back(std::move(memory));
  });
  return taken;
}

std::span<const std::byte> remote::values_behind(std::span<const std::byte> bytes, std::uint8_t count) {
  return read_copies(bytes, count, [](std::span<const std::byte>, bool) {});
}

void remote::unmap(const attached_memory& attached) {
  for (const auto& each : attached) {
    if (!each->is_sealed()) each->release();
  }
}

std::shared_ptr<remote::endpoint> remote::local() { return the_gateway().shared_from_this(); }

std::uint32_t remote::own_id() {
  const auto* const member = runtime::actor_member::current();
  return member == nullptr ? 0 : member->description().self.id;
}

void remote::run_behind_messages(endpoint& local, const std::function<void()>& run) {
  static_cast<runtime::member&>(local).run_behind_messages(run);
}

bool remote::join_turn(endpoint& local, turn_part& part) {
  return static_cast<runtime::member&>(local).join_turn(part);
}

void remote::tell_at_once(endpoint& local, const address& to, method what, const raw_message& arguments) {
  static_cast<runtime::member&>(local).tell_at_once(to, what, arguments);
}

bool remote::is_handle(const address& of) { return the_gateway().verify(of); }

std::shared_ptr<remote::answer> remote::try_ask(const address& to, method what,
                                                const raw_message& arguments) {
  return the_gateway().try_ask(to, what, arguments);
}

void remote::when_room(const address& at, std::size_t size, std::size_t attached, std::function<void()> run) {
  the_gateway().when_room(at, size, attached, std::move(run));
}

bool remote::wait_for(answer& what, deadline until) {
  const std::array<detail::pending_reply*, 1> alone{&what};
  return detail::wait_for_any(alone, until);
}

std::string remote::build_id() {
  for (const auto* each = registry::newest(); each != nullptr; each = each->next) {
    const auto module = platform::module_of(each);
    if (!module || !module->is_program) continue;
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(module->identity));
    return text.data();
  }
  throw std::logic_error{"troupe::remote: this program has nothing registered that could be called"};
}

}  // namespace troupe
