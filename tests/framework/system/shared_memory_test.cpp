// Shared values, arrays and buffers: as parts of messages, and freed with their last holder.
#include <troupe/packed.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <optional>
#include <signal.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t mebibyte = 1 << 20;

/// Processes of this test, this one too, that have memory of that label: open, or mapped.
std::size_t holders_of(const std::string& label) {
  auto pids = support::descendants_of(::getpid());
  pids.push_back(::getpid());
  return static_cast<std::size_t>(std::count_if(pids.begin(), pids.end(), [&](pid_t pid) {
    const auto own = fs::path{"/proc"} / std::to_string(pid);
    std::error_code gone;
    for (const auto& each : fs::directory_iterator{own / "fd", gone}) {
      if (fs::read_symlink(each, gone).string().find("memfd:" + label) != std::string::npos) return true;
    }
    std::ifstream maps{own / "maps"};
    for (std::string line; std::getline(maps, line);) {
      if (line.find("memfd:" + label) != std::string::npos) return true;
    }
    return false;
  }));
}

/// All of the machine's shared memory.
std::size_t shared_bytes() {
  std::ifstream file{"/proc/meminfo"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Shmem:")) return std::stoull(line.substr(6)) * 1024;
  }
  return 0;
}

struct point {
  int x = 0;
  double y = 0;
};

struct parcel {
  std::string label;
  std::vector<troupe::shared_array<int>> arrays;
  std::optional<troupe::shared_value<point>> place;
};

class keeper {
 public:
  keeper() = default;
  keeper(troupe::shared_value<int> counter, std::string) : counter_{std::move(counter)} {}

  void add(int n) { *counter_ += n; }
  void take_counter(const troupe::shared_value<int>& counter) { counter_ = counter; }
  int count() const { return *counter_; }
  troupe::shared_value<int> counter() const { return counter_; }

  void take_array(troupe::shared_array<int> array) { array_ = std::move(array); }
  troupe::shared_array<int> array_of(std::size_t size) {
    troupe::shared_array<int> made{size};
    std::iota(made.begin(), made.end(), 0);
    return made;
  }
  std::string fill(const parcel& what, const std::string& long_text) {
    for (const auto& array : what.arrays) std::fill(array.begin(), array.end(), what.label.size());
    if (what.place) (*what.place)->x += static_cast<int>(long_text.size());
    return what.label + long_text;
  }

  void take_buffer(troupe::shared_buffer buffer) { buffer_ = std::move(buffer); }
  std::size_t mark_and_keep(troupe::shared_buffer buffer) {
    buffer.bytes().front() = std::byte{7};
    buffer.bytes().back() = std::byte{9};
    buffer_ = std::move(buffer);
    return buffer_.size();
  }
  troupe::shared_buffer give_buffer() { return std::move(buffer_); }
  troupe::sealed_buffer seal_buffer() { return std::move(buffer_).seal(); }
  int first_of(const troupe::sealed_buffer& buffer) const {
    return std::to_integer<int>(buffer.bytes().front());
  }
  void write_into(const troupe::sealed_buffer& buffer) const {
    const_cast<std::byte&>(buffer.bytes().front()) = std::byte{1};
  }
  void drop() {
    buffer_ = {};
    array_ = {};
    counter_ = {};
  }
  void pass_on(const troupe::actor<keeper>& to) { to.tell<&keeper::take_buffer>(std::move(buffer_)); }
  void spread(const troupe::actor<keeper>& to, int times) {
    for (int i = 0; i < times; ++i) to.tell<&keeper::take_counter>(counter_);
  }
  bool has_buffer() const { return static_cast<bool>(buffer_); }
  int pid() const { return static_cast<int>(::getpid()); }
  void ready() const {}

 private:
  troupe::shared_value<int> counter_;
  troupe::shared_array<int> array_;
  troupe::shared_buffer buffer_;
};

void count_up(const troupe::shared_value<int>& counter, int times) {
  for (int i = 0; i < times; ++i) counter.fetch_add(1);
}

void fill_part(const troupe::shared_array<double>& array, std::size_t part, std::size_t parts) {
  for (std::size_t i = part; i < array.size(); i += parts) array[i] = static_cast<double>(i) / 2;
}

void sum_up(troupe::queue<troupe::shared_value<int>> in) {
  int sum = 0;
  for (const auto& each : in) sum += *each;
  if (sum != 49 * 50 / 2) throw std::runtime_error{"the sum is " + std::to_string(sum)};
}

}  // namespace

TEST_CASE("what one process writes into a shared value, the others read") {
  troupe::actor_system system;
  troupe::shared_value<int> counter{5};
  const auto told = system.spawn<keeper>(counter, std::string{"as an argument"});
  told.tell<&keeper::add>(2);
  CHECK(told.ask<&keeper::count>().get() == 7);
  CHECK(*counter == 7);
  *counter = 20;
  CHECK(told.ask<&keeper::count>().get() == 20);

  const auto other = system.spawn<keeper>();
  other.tell<&keeper::take_counter>(counter);
  other.ask<&keeper::add>(1).get();
  CHECK(*counter == 21);

  const auto back = other.ask<&keeper::counter>().get();
  CHECK(&*back == &*counter);  // memory that is here already is not mapped twice
  counter.store(1);
  CHECK(back.load() == 1);
}

TEST_CASE("atomic additions of several processes are all there") {
  troupe::actor_system system;
  const troupe::shared_value<int> counter{0};
  std::vector<troupe::process> all;
  for (int i = 0; i < 4; ++i) all.push_back(system.spawn<count_up>(counter, 10'000));
  for (const auto& each : all) REQUIRE(each.join().ok());
  CHECK(*counter == 40'000);
}

TEST_CASE("functions fill a shared array, each its part") {
  troupe::actor_system system;
  const troupe::shared_array<double> array{1000};
  std::vector<troupe::process> all;
  for (std::size_t i = 0; i < 3; ++i) all.push_back(system.spawn<fill_part>(array, i, std::size_t{3}));
  for (const auto& each : all) REQUIRE(each.join().ok());
  for (std::size_t i = 0; i < array.size(); ++i) REQUIRE(array.at(i) == static_cast<double>(i) / 2);
  CHECK_THROWS_AS(array.at(1000), std::out_of_range);
}

TEST_CASE("a process can make what others then have") {
  troupe::actor_system system;
  auto maker = system.spawn<keeper>();
  const auto array = maker.ask<&keeper::array_of>(std::size_t{100'000}).get();
  maker.kill();
  maker.join();
  CHECK(array.size() == 100'000);
  CHECK(array[99'999] == 99'999);
}

TEST_CASE("shared memory travels inside of other values, beside payloads of any size") {
  troupe::actor_system system;
  const auto actor = system.spawn<keeper>();
  const parcel small{
      "four", {troupe::shared_array<int>{3}, troupe::shared_array<int>{5}}, troupe::shared_value<point>{{}}};
  CHECK(actor.ask<&keeper::fill>(small, std::string{"!"}).get() == "four!");
  CHECK(small.arrays[1].at(4) == 4);
  CHECK((*small.place)->x == 1);
  const std::string long_text(400'000, '.');  // travels in memory of its own
  CHECK(actor.ask<&keeper::fill>(small, long_text).get() == "four" + long_text);
  CHECK((*small.place)->x == 400'001);
  CHECK(actor.ask<&keeper::fill>(parcel{"none", {}, {}}, std::string{}).get(10s) == "none");
}

TEST_CASE("more messages with shared memory than may be under way wait as others do") {
  troupe::actor_system system;
  const troupe::shared_value<int> counter{0};
  const auto first = system.spawn<keeper>(counter, std::string{});
  const auto second = system.spawn<keeper>();
  for (int i = 0; i < 500; ++i) second.tell<&keeper::take_counter>(counter);
  first.tell<&keeper::spread>(second, 300);  // in one turn: they are kept until there is room
  first.ask<&keeper::ready>().get();
  second.ask<&keeper::add>(3).get();
  CHECK(*counter == 3);
}

TEST_CASE("sixteen shared objects fit a message, more are refused with a sentence") {
  troupe::actor_system system;
  const auto actor = system.spawn<keeper>();
  parcel many{"x", {}, {}};
  for (int i = 0; i < 16; ++i) many.arrays.emplace_back(std::size_t{1});
  CHECK(actor.ask<&keeper::fill>(many, std::string{}).get() == "x");
  many.arrays.emplace_back(std::size_t{1});
  CHECK_THROWS_WITH(actor.ask<&keeper::fill>(many, std::string{}),
                    Catch::Contains("at most 16 shared objects"));
  actor.ask<&keeper::ready>().get();
}

TEST_CASE("shared memory goes through a queue, more of it than a message carries too") {
  troupe::actor_system system;
  auto queue = system.make_queue<troupe::shared_value<int>>();
  for (int i = 0; i < 50; ++i) queue.put(troupe::shared_value<int>{i});
  queue.close();
  auto counter = system.spawn<sum_up>(queue);
  CHECK(counter.join().ok());
  // What was sent to an actor that may be started again is kept by its sender until it sees that it need not be.
  queue.handle().stop();
  queue.handle().join();
  CHECK(support::wait_until([] { return holders_of("troupe-value") == 0; }));
}

TEST_CASE("shared memory in what is packed is refused with a sentence that says what to do") {
  const troupe::shared_value<int> counter{1};
  CHECK_THROWS_WITH(troupe::pack(counter),
                    Catch::Contains("cannot be packed") && Catch::Contains("argument of its spawn"));
}

TEST_CASE("handles that name nothing say so") {
  const troupe::shared_value<int> value;
  const troupe::shared_array<int> array;
  const troupe::shared_buffer buffer;
  CHECK_FALSE(value);
  CHECK_THROWS_AS(*value, std::logic_error);
  CHECK_THROWS_AS(array.span(), std::logic_error);
  CHECK_THROWS_AS(buffer.bytes(), std::logic_error);
  CHECK_THROWS_AS(troupe::shared_buffer{}.seal(), std::logic_error);
}

TEST_CASE("a negative size is an error that says so") {
  CHECK_THROWS_WITH(troupe::shared_array<int>(static_cast<std::size_t>(-3)), Catch::Contains("-3 elements"));
  CHECK_THROWS_AS(troupe::shared_buffer{static_cast<std::size_t>(-1)}, std::length_error);
}

TEST_CASE("a buffer is handed over: the sender has it no more, the receiver has it all") {
  troupe::actor_system system;
  auto actor = system.spawn<keeper>();
  troupe::shared_buffer buffer{64 * mebibyte};
  buffer.bytes()[5] = std::byte{5};
  CHECK(actor.ask<&keeper::mark_and_keep>(std::move(buffer)).get() == 64 * mebibyte);
  CHECK_FALSE(buffer);
  CHECK(buffer.size() == 0);
  CHECK_THROWS_WITH(buffer.bytes(), Catch::Contains("handed over"));
  CHECK_THROWS_WITH(actor.tell<&keeper::take_buffer>(std::move(buffer)),
                    Catch::Contains("handed over already"));
  CHECK(holders_of("troupe-buffer") == 1);  // the actor

  auto back = actor.ask<&keeper::give_buffer>().get();
  REQUIRE(back.size() == 64 * mebibyte);
  CHECK(back.bytes()[5] == std::byte{5});
  CHECK(back.bytes().front() == std::byte{7});
  CHECK(back.as<unsigned char>().back() == 9);
  CHECK(support::wait_until([] { return holders_of("troupe-buffer") == 1; }));
}

TEST_CASE("a buffer goes from actor to actor, and comes back to who had it before") {
  troupe::actor_system system;
  const auto first = system.spawn<keeper>();
  const auto second = system.spawn<keeper>();
  first.tell<&keeper::take_buffer>(troupe::shared_buffer{1000});
  first.ask<&keeper::pass_on>(second).get();
  // Whose message comes first is open: the host's, or the other actor's.
  REQUIRE(support::wait_until([&] { return second.ask<&keeper::has_buffer>().get(); }));
  second.ask<&keeper::pass_on>(first).get();
  REQUIRE(support::wait_until([&] { return first.ask<&keeper::has_buffer>().get(); }));
  auto buffer = first.ask<&keeper::give_buffer>().get();
  CHECK(buffer.size() == 1000);
  CHECK(buffer.bytes()[999] == std::byte{0});
}

TEST_CASE("a sealed buffer is read by many and written by nobody") {
  troupe::actor_system system;
  auto actor = system.spawn<keeper>();
  actor.ask<&keeper::mark_and_keep>(troupe::shared_buffer{100}).get();
  const auto sealed = actor.ask<&keeper::seal_buffer>().get();
  CHECK(sealed.size() == 100);
  const auto other = system.spawn<keeper>();
  CHECK(other.ask<&keeper::first_of>(sealed).get() == 7);
  CHECK(actor.ask<&keeper::first_of>(sealed).get() == 7);
  auto vandal = system.spawn<keeper>();
  vandal.tell<&keeper::write_into>(sealed);
#if defined(__SANITIZE_ADDRESS__)
  CHECK_FALSE(vandal.join().ok());
#else
  CHECK(vandal.join().code == SIGSEGV);
#endif
  CHECK(sealed.bytes().front() == std::byte{7});
}

TEST_CASE("shared memory is freed with its last holder") {
  troupe::actor_system system;
  auto first = system.spawn<keeper>();
  auto second = system.spawn<keeper>();
  {
    const troupe::shared_array<int> array{16 * mebibyte};  // of 4 bytes
    first.tell<&keeper::take_array>(array);
    second.ask<&keeper::take_array>(array).get();
    first.ask<&keeper::ready>().get();
    CHECK(holders_of("troupe-array") == 3);
  }
  const auto with_it = shared_bytes();
  CHECK(holders_of("troupe-array") == 2);
  first.ask<&keeper::drop>().get();
  CHECK(holders_of("troupe-array") == 1);
  second.ask<&keeper::drop>().get();
  CHECK(holders_of("troupe-array") == 0);
  CHECK(support::wait_until([&] { return shared_bytes() + 48 * mebibyte < with_it; }));
}

TEST_CASE("shared memory is freed after kill -9 of all who had it, and what was on its way with them") {
  troupe::actor_system system;
  auto first = system.spawn<keeper>();
  auto second = system.spawn<keeper>();
  std::size_t with_it = 0;
  {
    const troupe::shared_array<int> array{16 * mebibyte};
    first.tell<&keeper::take_array>(array);
    second.ask<&keeper::take_array>(array).get();
    const int stopped = second.pid();
    REQUIRE(::kill(stopped, SIGSTOP) == 0);
    REQUIRE(support::wait_until([&] { return support::state_of(stopped) == 'T'; }));
    second.tell<&keeper::take_array>(array);  // nobody will read it
    first.ask<&keeper::ready>().get();
    with_it = shared_bytes();
  }
  first.kill();
  second.kill();
  first.join();
  second.join();
  CHECK(support::wait_until([] { return holders_of("troupe-array") == 0; }));
  CHECK(support::wait_until([&] { return shared_bytes() + 48 * mebibyte < with_it; }));
}
