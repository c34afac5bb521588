// Deadlocks: finds out whether actors that wait for each other wait in a circle.
//
// An actor that has been blocked for a while, or that blocks on one which is blocked itself, says so to the guardian. That
// opens an inquiry. It asks the actor itself, then whomever it waits for, and so on, for the state they are in:
//
//   waiting   blocked, with everything read that had come, for something that one of `on` has to do
//   relying   idle, but it owes answers that depend on what one of `on` will do: a queue that is full, on its readers
//   free      anything else: it may do something by itself
//
// 1. Nobody who is free is reachable: then nobody who was asked can ever go on, and the first round is done.
// 2. They were asked at different times, and reading what had come may have freed somebody else. So everybody is asked
//    again. Who was in the same wait both times (they are numbered) did nothing in between but look at what had come.
// 3. If nothing has changed, it is a deadlock. The one that closed the circle, the youngest of the waits in it, is told.
//
// Who has not answered yet is busy, and so free: the inquiry stays open until it answers, or ends.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace troupe::process_layer {

enum class wait_kind : std::uint8_t { free, waiting, relying };

/// How it stands with one actor.
struct wait_state {
  wait_kind kind = wait_kind::free;
  std::uint64_t number = 0;  ///< of the wait, counted by the actor; 0 where it is not blocked
  std::int64_t since = 0;    ///< monotonic nanoseconds
  std::vector<std::uint32_t>
      on;  ///< actors any of whom could end the wait; 0 is the host, who is always free

  [[nodiscard]] bool may_go_on() const;
  bool operator==(const wait_state&) const = default;
};

/// One inquiry, without the asking. Guardian's thread only.
class inquiry {
 public:
  explicit inquiry(std::uint32_t reporter) : reporter_{reporter}, to_ask_{reporter} {}

  /// Whom to ask next; each of them has to answer once.
  [[nodiscard]] std::vector<std::uint32_t> take_questions();
  void answer(std::uint32_t who, const wait_state& state);

  [[nodiscard]] std::uint32_t reporter() const { return reporter_; }
  /// Whether `who` has been asked, so that its end leaves the inquiry without an answer.
  [[nodiscard]] bool involves(std::uint32_t who) const { return first_.contains(who); }
  /// No deadlock, as far as the reporter is concerned.
  [[nodiscard]] bool is_over() const { return over_; }

  struct verdict {
    std::uint32_t victim = 0;          ///< who closed the circle
    std::uint64_t wait = 0;            ///< its wait's number
    std::vector<std::uint32_t> cycle;  ///< from the victim round to the last before it
  };
  /// There once the circle is certain.
  [[nodiscard]] const std::optional<verdict>& found() const { return found_; }

 private:
  using states = std::map<std::uint32_t, std::optional<wait_state>>;
  [[nodiscard]] static bool is_complete(const states& round);
  void ask_again();
  void judge();
  bool find_path(std::uint32_t from, std::vector<std::uint32_t>& path, std::set<std::uint32_t>& seen) const;

  std::uint32_t reporter_;
  std::vector<std::uint32_t> to_ask_;
  states first_;
  states second_;
  bool over_ = false;
  std::optional<verdict> found_;
};

}  // namespace troupe::process_layer
