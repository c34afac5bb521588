// Messages of hundreds of megabytes: what they cost in memory, in every process that they pass.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr std::size_t mebibyte = 1 << 20;
constexpr std::size_t slack = 32 * mebibyte;  // what else a process does meanwhile

/// A line of /proc/<pid>/status, in bytes.
std::size_t status_of(int pid, const std::string& field) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field + ":")) return std::stoull(line.substr(field.size() + 1)) * 1024;
  }
  return 0;
}
std::size_t peak_of(int pid) { return status_of(pid, "VmHWM"); }
void forget_own_peak() { std::ofstream{"/proc/self/clear_refs"} << 5; }  // proc(5)

/// Sanitizers keep what was freed, and shadow all of it.
bool counts() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  return true;
#endif
}

char mark_at(std::size_t position) { return static_cast<char>('a' + position / mebibyte % 26); }

template <class Block>
Block block_of(std::size_t size) {
  Block made;
  made.resize(size);
  for (std::size_t at = 0; at < size; at += mebibyte)
    made[at] = static_cast<typename Block::value_type>(mark_at(at));
  return made;
}
template <class Block>
bool is_right(const Block& block, std::size_t size) {
  if (block.size() != size) return false;
  for (std::size_t at = 0; at < size; at += mebibyte) {
    if (block[at] != static_cast<typename Block::value_type>(mark_at(at))) return false;
  }
  return true;
}

using bytes = std::vector<std::byte>;

class vault {
 public:
  vault() = default;
  explicit vault(const bytes& first) : starts_right_{is_right(first, first.size())}, first_{first.size()} {}

  bool check_bytes(const bytes& block, std::size_t size) { return check(block, size); }
  bool check_text(const std::string& block, std::size_t size) { return check(block, size); }
  bytes make_bytes(std::size_t size) { return block_of<bytes>(size); }
  std::string make_text(std::size_t size) { return block_of<std::string>(size); }
  /// Resident while the handler of a large message ran.
  std::size_t resident() const { return resident_; }
  std::size_t peak() { return peak_of(::getpid()); }
  std::size_t first() const { return starts_right_ ? first_ : 0; }

 private:
  template <class Block>
  bool check(const Block& block, std::size_t size) {
    resident_ = status_of(::getpid(), "VmRSS");
    return is_right(block, size);
  }
  std::size_t resident_ = 0;
  bool starts_right_ = false;
  std::size_t first_ = 0;
};

void say(const char* what, std::size_t size, int host, std::size_t actor, int guardian) {
  std::printf("%s of %zu MiB: peak of the host %zu MiB, of the actor %zu MiB, of the guardian %zu MiB\n",
              what, size / mebibyte, peak_of(host) / mebibyte, actor / mebibyte,
              peak_of(guardian) / mebibyte);
}

int guardian() { return support::descendant_called("troupe-guardian", ::getpid()); }

/// The sender has its value and the message, the receiver the message and then its value: twice `size` in each, at most.
void pass_there(std::size_t size) {
  troupe::actor_system system;
  {
    const auto actor = system.spawn<vault>();
    const auto block = block_of<bytes>(size);
    REQUIRE(actor.ask<&vault::first>().get() == 0);
    forget_own_peak();
    CHECK(actor.ask<&vault::check_bytes>(block, size).get());
    const auto peak = actor.ask<&vault::peak>().get();
    say("an argument", size, ::getpid(), peak, guardian());
    if (counts()) {
      CHECK(peak_of(::getpid()) < 2 * size + slack);
      CHECK(peak < 2 * size + slack);
      CHECK(peak_of(guardian()) < slack);
      CHECK(actor.ask<&vault::resident>().get() <
            size + slack);  // the message is gone before the handler runs
    }
  }
  const auto actor = system.spawn<vault>();
  CHECK(actor.ask<&vault::check_text>(block_of<std::string>(size), size).get());
}

void pass_back(std::size_t size) {
  troupe::actor_system system;
  {
    const auto actor = system.spawn<vault>();
    forget_own_peak();
    CHECK(is_right(actor.ask<&vault::make_bytes>(size).get(), size));
    const auto peak = actor.ask<&vault::peak>().get();
    say("a result", size, ::getpid(), peak, guardian());
    if (counts()) {
      CHECK(peak_of(::getpid()) < 2 * size + slack);
      CHECK(peak < 2 * size + slack);
      CHECK(peak_of(guardian()) < slack);
    }
  }
  const auto actor = system.spawn<vault>();
  CHECK(is_right(actor.ask<&vault::make_text>(size).get(), size));
}

void start_with(std::size_t size) {
  troupe::actor_system system;
  const auto block = block_of<bytes>(size);
  forget_own_peak();
  const auto actor = system.spawn<vault>(block);
  CHECK(actor.ask<&vault::first>().get() == size);
  const auto peak = actor.ask<&vault::peak>().get();
  say("a constructor's argument", size, ::getpid(), peak, guardian());
  if (!counts()) return;
  CHECK(peak_of(::getpid()) < 2 * size + slack);
  CHECK(peak < 2 * size + slack);
  CHECK(peak_of(guardian()) < slack);
}

}  // namespace

TEST_CASE("an argument of 300 MiB is copied into its message and out of it, and nowhere else") {
  pass_there(300 * mebibyte);
}

TEST_CASE("a result of 300 MiB is copied into its message and out of it, and nowhere else") {
  pass_back(300 * mebibyte);
}

TEST_CASE("constructor arguments of 300 MiB do not pass through the guardian's memory") {
  start_with(300 * mebibyte);
}

TEST_CASE("results that find no room wait as the messages that they will be") {
  constexpr std::size_t size = 60 * mebibyte;
  troupe::actor_system system;
  const auto actor = system.spawn<vault>();
  std::vector<troupe::future<bytes>> answers;
  for (int i = 0; i < 4; ++i) answers.push_back(actor.ask<&vault::make_bytes>(size));
  // Nobody takes the first while the others are made: they have no room, and are kept.
  REQUIRE(support::wait_until([&] { return actor.try_tell<&vault::make_bytes>(1U); }));
  for (auto& answer : answers) CHECK(is_right(answer.get(), size));
  if (counts())
    CHECK(actor.ask<&vault::peak>().get() < 3 * size);  // a value, its message, and nothing kept beside
}

// The sender's value, the message and the receiver's value: nine gibibytes at the same time.
TEST_CASE("an argument of 3 GiB passes", "[.large]") { pass_there(3072 * mebibyte); }
TEST_CASE("a result of 3 GiB passes", "[.large]") { pass_back(3072 * mebibyte); }
TEST_CASE("constructor arguments of 3 GiB pass", "[.large]") { start_with(3072 * mebibyte); }
