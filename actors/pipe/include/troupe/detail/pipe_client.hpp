// One handle to an end of a pipe, with its copies in this process.
#pragma once

#include <troupe/actor_system.hpp>
#include <troupe/detail/pipe_actor.hpp>
#include <troupe/detail/queue_reader.hpp>
#include <troupe/detail/queue_writer.hpp>
#include <troupe/future.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <optional>
#include <random>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace troupe::detail {

inline std::uint64_t draw_number() {
  std::random_device source;
  return (std::uint64_t{source()} << 32) | source();
}

/// Which process this is; none in the host. Nobody need know that one: when it dies, so does the pipe.
inline std::optional<process> this_process() {
  class somebody {};
  try {
    return this_actor::self<somebody>();
  } catch (const std::logic_error&) {
    return std::nullopt;
  }
}

/// An end, whichever it is: what it sends and what it receives is all that its holder knows. Threads: any.
template <class Sends, class Receives>
class pipe_client {
 public:
  pipe_client() = default;
  pipe_client(const pipe_client&) = delete;
  pipe_client& operator=(const pipe_client&) = delete;
  virtual ~pipe_client() = default;

  virtual put_outcome put(const Sends& item, deadline until) = 0;
  virtual std::optional<Receives> get(deadline until) = 0;
  virtual future<void> readable() = 0;
  virtual void close() = 0;
  virtual void close_sending() = 0;
  virtual pipe_fate fate_of(bool own) = 0;
  virtual void pass(pipe_ticket ticket) = 0;
  /// `last`: this client goes, because nothing of it is left here.
  virtual void pass_to(pipe_ticket ticket, const process& whom, bool last) = 0;
  [[nodiscard]] virtual std::uint8_t side() const = 0;
  [[nodiscard]] virtual const process& where() const = 0;
};

/// The end `Side` of a pipe that carries `T` from end 0 to end 1, and `U` back. The last copy's end is the holder's.
template <class T, class U, std::uint8_t Side>
class pipe_side_client final
    : public pipe_client<std::conditional_t<Side == 0, T, U>, std::conditional_t<Side == 0, U, T>> {
  using sends = std::conditional_t<Side == 0, T, U>;
  using receives = std::conditional_t<Side == 0, U, T>;
  using home = pipe_actor<T, U>;

 public:
  pipe_side_client(const actor<home>& to, queue_visitor who)
      : actor_{to}, me_{who, Side}, writer_{to, who}, reader_{to, who} {}
  ~pipe_side_client() override {
    try {
      actor_.template tell<&home::leave>(me_, reader_.done_at_end(), how_it_is_left());
    } catch (const std::exception&) {
      // The pipe or the system is gone, or this process is ending: then its end is the holder's.
    }
  }

  put_outcome put(const sends& item, deadline until) override { return writer_.put(item, until); }
  std::optional<receives> get(deadline until) override { return reader_.get(until); }
  future<void> readable() override { return reader_.readable(); }
  void close() override {
    writer_.close();
    actor_.template tell<&home::close_end>(Side);
  }
  void close_sending() override { writer_.close(); }
  pipe_fate fate_of(bool own) override {
    return actor_.template ask<&home::fate>(own ? Side : std::uint8_t{1 - Side}).get();
  }
  void pass(pipe_ticket ticket) override { actor_.template tell<&home::pass>(Side, ticket); }
  void pass_to(pipe_ticket ticket, const process& whom, bool last) override {
    handed_on_ = last;
    actor_.template tell<&home::pass_to>(Side, ticket, whom);
  }
  void arrive(pipe_ticket ticket) { actor_.template tell<&home::arrive>(me_, ticket, this_process()); }
  [[nodiscard]] std::uint8_t side() const override { return Side; }
  [[nodiscard]] const process& where() const override { return actor_; }

 private:
  [[nodiscard]] pipe_leaving how_it_is_left() const {
    if (handed_on_) return pipe_leaving::handed_on;
    return std::uncaught_exceptions() > 0 ? pipe_leaving::unwound : pipe_leaving::dropped;
  }

  actor<home> actor_;
  pipe_holder me_;
  queue_writer<sends, Side, home> writer_;
  queue_reader<receives, 1 - Side, home> reader_;
  std::atomic<bool> handed_on_{false};
};

}  // namespace troupe::detail
