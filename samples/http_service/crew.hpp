// The workers: evaluators, each in a process of its own, of which any may die at any request.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}
namespace troupe {
class actor_system;
}

/// An answer over HTTP: a status, and a JSON object.
struct reply {
  unsigned status = 200;
  std::string body;
};

struct crew_options {
  std::size_t workers = 2;
  std::size_t waiting = 1000;  ///< requests that may wait for a worker; more are turned away
  std::chrono::milliseconds deadline = std::chrono::seconds{1};  ///< for each, from when a worker has it
};

/// Hands each request to a worker that is free, one at a time. A worker that crashes is the end of its own request only; one
/// that is late is killed; both are replaced at once. What a dead worker had not begun goes to another.
///
/// Threads: the loop's. Nothing here waits, but for the start of a worker (about a millisecond).
class crew {
 public:
  /// `loop` and `system` must outlive it. Throws what `spawn` throws.
  crew(boost::asio::io_context& loop, troupe::actor_system& system, const crew_options& options);
  ~crew();
  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;

  /// Evaluates `text`, and calls `done` once, on the loop, with 200 and the value, or with what went wrong: 400 for a text
  /// that makes no sense, 503 for a worker that died or where too many wait already, 504 for one that was late.
  void evaluate(std::string text, std::function<void(reply)> done);

  /// No more requests will come: workers that die are replaced only as long as some wait.
  void close();

  /// How many work, wait and were answered, and which workers died of what.
  [[nodiscard]] reply health() const;

 private:
  class state;
  std::shared_ptr<state> state_;
};
