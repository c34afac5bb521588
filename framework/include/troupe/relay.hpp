// Futures whose answer is asked for later: for queues of work, and for whatever else stands between a caller and the actors
// that will answer.
#pragma once

#include <troupe/detail/endpoint.hpp>
#include <troupe/future.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace troupe {

namespace detail {
class relayed_reply;
}

/// Somebody else's look at an answer to come: copies, and goes on existing when the future has gone. Threads: any.
class awaited {
 public:
  template <class T>
  explicit awaited(const future<T>& answer) : pending_{detail::future_access::pending(answer)} {
    if (!pending_) throw std::logic_error{"troupe::awaited: the future has no answer to come or to take"};
  }

  /// Whether the answer is there. Does nothing towards its arrival.
  [[nodiscard]] bool settled() const noexcept { return pending_->settled(); }
  /// Calls `run` once when the answer is there, on the thread that runs callbacks (see `future::then`).
  void when_settled(std::function<void()> run) const { pending_->then(std::move(run)); }
  /// Takes the call back by force. One that has not begun never begins, and its answer is `cancelled`. Where the handler
  /// runs, its actor is killed, and the answer is `actor_down`. Where it has ended, the answer is on its way, and nothing
  /// happens. What else was sent to that actor is not begun in between: it ends as `actor_down`, fate `not_started`. Does
  /// not wait.
  void abort() const { pending_->abort(); }

 private:
  friend class detail::relayed_reply;
  std::shared_ptr<detail::pending_reply> pending_;
};

/// What makes the answers of relays come: it knows which other answers they wait for, and what to do when those are there.
/// Whoever waits for a relay's future, waits for these and then calls `advance`; so relays work where no callback can run,
/// such as inside a handler that waits.
///
/// Threads: both are called by any thread that waits, at the same time. Neither may call what waits for a relay.
class relay_driver {
 public:
  relay_driver() = default;
  relay_driver(const relay_driver&) = delete;
  relay_driver& operator=(const relay_driver&) = delete;
  virtual ~relay_driver() = default;

  /// The answers of which one must be there before anything can go on. None: a relay that is not settled never will be, and
  /// ends as `broken_promise`.
  virtual std::vector<awaited> waits_for() = 0;
  /// Does what can be done now.
  virtual void advance() = 0;
  /// The future of one of its relays has been cancelled, in this thread: what is done for it may end.
  virtual void cancelled() {}
};

namespace detail {

/// An answer that comes by way of another.
class relayed_reply final : public pending_reply {
 public:
  explicit relayed_reply(std::shared_ptr<relay_driver> driver);
  ~relayed_reply() override;

  bool ready() override;
  bool wait(deadline until) override;
  byte_reader result() override;
  [[nodiscard]] bool settled() const noexcept override;
  bool wait_any(std::span<pending_reply* const> several, deadline until) override;
  void then(std::function<void()> run) override;
  void cancel() override;
  std::optional<std::vector<std::shared_ptr<pending_reply>>> sources() override;
  void advance() override;
  [[nodiscard]] bool has_begun() override;
  void abort() override { cancel(); }

  void given_to(std::shared_ptr<pending_reply> whom);
  void settle(std::shared_ptr<pending_reply> answer, std::exception_ptr problem);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace detail

/// The giving side of a future that is made before anybody can be asked for the answer.
///
/// Copies are of one answer; the first that settles it counts. When the last copy goes without having done so, the future
/// ends as `broken_promise`. Threads: any. Processes: stays where it was made.
template <class T>
class relay {
 public:
  explicit relay(std::shared_ptr<relay_driver> driver)
      : shared_{std::make_shared<giver>(std::make_shared<detail::relayed_reply>(std::move(driver)))} {}

  /// The future that gets the answer. To be called once.
  [[nodiscard]] future<T> get_future() const { return future<T>{shared_->reply}; }

  /// Gives the answer of another future, which is ready.
  void forward(future<T> answer) const {
    if (!answer.valid())
      throw std::logic_error{"troupe::relay: a future without an answer cannot be forwarded"};
    shared_->reply->settle(detail::future_access::pending(answer), nullptr);
  }
  /// Somebody has been asked: until that answer is forwarded, it says whether this call is running.
  void given_to(const future<T>& asked) const {
    shared_->reply->given_to(detail::future_access::pending(asked));
  }
  /// Whether an answer has been given, or the future has been cancelled: then nobody wants another.
  [[nodiscard]] bool settled() const noexcept { return shared_->reply->settled(); }
  /// Gives an exception. Continuations of the future run on the calling thread.
  void fail(std::exception_ptr problem) const { shared_->reply->settle(nullptr, std::move(problem)); }

 private:
  struct giver {
    explicit giver(std::shared_ptr<detail::relayed_reply> to) : reply{std::move(to)} {}
    giver(const giver&) = delete;
    giver& operator=(const giver&) = delete;
    ~giver() {
      reply->settle(nullptr,
                    std::make_exception_ptr(broken_promise{"nobody is left who could give the answer"}));
    }
    std::shared_ptr<detail::relayed_reply> reply;
  };
  std::shared_ptr<giver> shared_;
};

}  // namespace troupe
