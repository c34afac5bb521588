// For gateways: what carries messages between this system and others. Whoever only uses actors of other nodes needs none of
// it, but <troupe/node.hpp>.
#pragma once

#include <troupe/detail/endpoint.hpp>
#include <troupe/detail/method.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace troupe::remote {

/// Names an actor: `node` is 0 for this system's own.
using address = detail::actor_ref;
using method = detail::entry_id;
using raw_message = detail::body;  ///< values that are about to be written
using raw_reader = detail::byte_reader;
using answer = detail::pending_reply;
using deadline = detail::deadline;
using patience = detail::patience;
/// What calls actors of one system, or of one node. A gateway's library has one of its own for other nodes, which passes on
/// what it is asked for.
using endpoint = detail::endpoint;

/// A system's gateway: the actor that carries its messages to other nodes, and the number that the system has among them.
struct gateway_entry {
  address actor{};
  std::string name{};
  std::uint32_t node = 0;
};

/// Makes the calling actor its system's gateway. Throws `std::logic_error` outside of actors, and where the system has a
/// gateway that is alive. Waits for a round trip to the guardian.
void become_gateway(std::uint32_t number);

/// Makes what calls the actors of node `number`; `local` is this process as a member of its system.
using endpoint_maker = std::shared_ptr<endpoint> (*)(const std::shared_ptr<endpoint>& local,
                                                     const gateway_entry& by, std::uint32_t number);
/// To be called by a static object of the gateway's library, so that every process of the program has it.
void make_endpoints_by(endpoint_maker how);

/// As long as it lives, handles that the calling thread writes are named as other nodes know them.
class outward {
 public:
  explicit outward(std::uint32_t own_number) : before_{detail::outward_node} {
    detail::outward_node = own_number;
  }
  outward(const outward&) = delete;
  outward& operator=(const outward&) = delete;
  ~outward() { detail::outward_node = before_; }

 private:
  std::uint32_t before_;
};

/// Memory that travels along with a message's bytes.
using attached_memory = detail::attached_memory;

/// Bytes that are a message already, and what travels along. They outlive it.
[[nodiscard]] raw_message as_message(const std::span<const std::byte>& bytes, attached_memory attached = {});

/// What `write_onto` appends, in bytes. Throws as it does.
[[nodiscard]] std::size_t written_size(const raw_message& values);
/// Appends the values of a message, as bytes. What is in its `shared_buffer`s and `sealed_buffer`s goes before them, as
/// copies: how many those are. Throws `std::logic_error` where other shared memory would travel along: that is for processes
/// of one machine.
std::uint8_t write_onto(std::vector<std::byte>& bytes, const raw_message& values);
/// As those, for the rest of an answer. Whoever reads it is told what is no buffer.
[[nodiscard]] std::size_t written_size(const raw_reader& answer);
std::uint8_t write_onto(std::vector<std::byte>& bytes, raw_reader& answer);
/// The copies that `bytes` begin with, in memory of this machine; `bytes` are the values then. Throws `malformed_message`
/// where those are no copies, `std::system_error` where there is no memory.
[[nodiscard]] attached_memory take_copies(std::span<const std::byte>& bytes, std::uint8_t count);
/// What is behind so many copies: the values. Throws `malformed_message` where those are no copies.
[[nodiscard]] std::span<const std::byte> values_behind(std::span<const std::byte> bytes, std::uint8_t count);
/// Unmaps memory that can be written to, so that whoever is given it may seal it.
void unmap(const attached_memory& attached);

/// The calling process as a member of its system. Throws `std::logic_error` outside of actors.
[[nodiscard]] std::shared_ptr<endpoint> local();
/// The number of the actor that the calling process is; 0: it is a host.
[[nodiscard]] std::uint32_t own_id();
/// Has `run` called as a callback of `on_down` would be: in an actor as a turn of its own, once all messages that have come by
/// now are handled; elsewhere at once. `local` is this process as a member of its system.
void run_behind_messages(endpoint& local, const std::function<void()>& run);
/// Something that is sent with a turn, or never, and is kept by whoever sends it until then.
class turn_part {
 public:
  turn_part() = default;
  turn_part(const turn_part&) = delete;
  turn_part& operator=(const turn_part&) = delete;
  virtual ~turn_part() = default;
  /// Called as the turn ends, once its handler has returned: what is told now is shown together with what the turn has told
  /// others, and before its answer. May be called again in the same turn.
  virtual void send() = 0;
  /// Called once it has been shown, between turns: may wait.
  virtual void sent() = 0;
};
/// Has `part`, which lives until then, called at the end of the open turn; once for each turn. False: the calling process is no
/// actor, or no turn is open, and what is told is shown at once. `local` is this process as a member of its system.
[[nodiscard]] bool join_turn(endpoint& local, turn_part& part);
/// As `endpoint::tell`, but shown at once, in an open turn too. Waits for room.
void tell_at_once(endpoint& local, const address& to, method what, const raw_message& arguments);
/// Whether whoever names an actor so has been given its handle: its key fits, and it is alive, or its end is known still. To
/// be asked before anything is done that a stranger wants, for what this process has had to do with is known by its number.
/// In an actor; waits for a round trip to the guardian.
[[nodiscard]] bool is_handle(const address& of);
/// As `endpoint::ask`, but null, and nothing sent, where the mailbox is full. In an actor, and sent with the open turn.
[[nodiscard]] std::shared_ptr<answer> try_ask(const address& to, method what, const raw_message& arguments);
/// Has `run` called, as a turn of its own, when there may be room for a message of `size` bytes and `attached` pieces of memory
/// at that actor, or it has ended. In an actor that has sent it something, and found no room.
void when_room(const address& at, std::size_t size, std::size_t attached, std::function<void()> run);

/// Waits for an answer that another's `answer` passes on; as `answer::wait`.
bool wait_for(answer& what, deadline until);

/// What tells two programs apart: the number that the linker gave this one, in hexadecimal.
[[nodiscard]] std::string build_id();

}  // namespace troupe::remote
