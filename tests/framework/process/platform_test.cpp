#include "platform/limits.hpp"
#include "platform/memory.hpp"
#include "platform/packet.hpp"
#include "platform/poller.hpp"
#include "platform/process.hpp"
#include "support/processes.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

using namespace troupe::platform;
using namespace std::chrono_literals;

namespace {

/// Runs `body` in a child; its exit code.
template <class Body>
int in_child(Body body) {
  const auto pid = fork_child();
  if (pid == 0) exit_now(body());
  return process_handle::open(pid).reap(never).value().code;
}

std::string text_at(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE("a sibling is forked as the parent's child") {
  auto [ours, its] = packet_pair();
  const auto middle = fork_child();
  if (middle == 0) {
    const auto sibling = fork_sibling();
    if (sibling == 0) {
      // It has a thread id of its own, and can fork and wait as any process.
      exit_now(::gettid() == ::getpid() && in_child([] { return 5; }) == 5 ? 42 : 1);
    }
    std::ignore = send_packet(its.get(), {std::as_bytes(std::span{&sibling, 1})});
    exit_now(0);
  }
  pid_t sibling = 0;
  REQUIRE(wait_readable({ours.get()}, deadline_after(10s)));
  std::ignore = receive_packet(ours.get(), {std::as_writable_bytes(std::span{&sibling, 1})});
  CHECK(process_handle::open(middle).reap(never)->code == 0);
  const auto end = process_handle::open(sibling).reap(never);  // only a parent can
  REQUIRE(end);
  CHECK(end->pid == sibling);
  CHECK(end->code == 42);
}

TEST_CASE("a process is named, to the kernel and in its arguments") {
  auto [ours, its] = packet_pair();
  const auto pid = fork_child();
  if (pid == 0) {
    set_process_name("a-name-of-more-than-fifteen");
    std::ignore = send_packet(its.get(), {std::as_bytes(std::span{"x"})});
    ours.reset();
    wait_readable({its.get()}, never);
    exit_now(0);
  }
  its.reset();
  REQUIRE(wait_readable({ours.get()}, deadline_after(10s)));
  CHECK(support::command_of(pid) == "a-name-of-more-");
  CHECK(std::string{"a-name-of-more-than-fifteen"}.starts_with(
      text_at("/proc/" + std::to_string(pid) + "/cmdline").c_str()));
  ours.reset();
  CHECK(process_handle::open(pid).reap(never)->code == 0);
}

TEST_CASE("close_all_but closes everything else, with holes and at the ends") {
  CHECK(in_child([] {
          std::array<int, 20> copies{};
          for (auto& copy : copies) copy = ::dup(0);
          const int high = ::fcntl(0, F_DUPFD, 500);
          const std::array kept{copies[15], copies[3], high};
          close_all_but(kept);
          const auto open = support::open_descriptors();
          return open == std::set<int>{0, 1, 2, copies[3], copies[15], high} ? 0 : 1;
        }) == 0);
  CHECK(in_child([] {
          close_all_but({});
          return support::open_descriptors() == std::set<int>{0, 1, 2} ? 0 : 1;
        }) == 0);
}

TEST_CASE("a program is started in a session of its own, with one descriptor and nothing else") {
  const auto executable = descriptor::adopt(::open("/bin/sh", O_RDONLY | O_CLOEXEC));
  auto [ours, its] = packet_pair();
  const int leaky = ::dup(0);
  const auto pid = start_program(
      {&executable, {"sh", "-c", "read line <&3; exit 0"}, {"ONLY=this", "PATH=/usr/bin:/bin"}, its.get()});
  its.reset();
  REQUIRE(support::wait_until(
      [&] { return text_at("/proc/" + std::to_string(pid) + "/cmdline").starts_with("sh"); }));
  CHECK(::getsid(pid) == pid);
  CHECK(::getsid(pid) != ::getsid(0));
  CHECK(text_at("/proc/" + std::to_string(pid) + "/environ").starts_with("ONLY=this"));
  ::kill(pid, SIGKILL);
  CHECK(process_handle::open(pid).reap(never)->code == SIGKILL);
  ::close(leaky);
}

TEST_CASE("a handle names its process until it has been reaped, and nobody afterwards") {
  const auto pid = fork_child();
  if (pid == 0) {
    for (;;) ::pause();
  }
  const auto handle = process_handle::open(pid);
  CHECK_FALSE(handle.reap(deadline_after(0s)));
  CHECK(handle.send(0));
  CHECK(handle.send(SIGTERM));
  CHECK(handle.reap(never)->code == SIGTERM);
  CHECK_FALSE(handle.send(SIGKILL));
  CHECK_FALSE(handle.reap(deadline_after(0s)));
}

TEST_CASE("open files are raised to what the kernel allows, also where the hard limit is above that") {
  const auto limit = [] {
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    return std::pair{now.rlim_cur, now.rlim_max};
  };
  CHECK(in_child([&] {
          const rlimit before{64, 256};
          ::setrlimit(RLIMIT_NOFILE, &before);
          raise_open_files(128);
          if (limit() != std::pair<rlim_t, rlim_t>{128, 128}) return 1;
          restore_open_files(0);
          return limit() == std::pair<rlim_t, rlim_t>{64, 128} ? 0 : 2;
        }) == 0);
  CHECK(in_child([&] {
          const rlimit before{64, 256};
          ::setrlimit(RLIMIT_NOFILE, &before);
          raise_open_files();
          return limit() == std::pair<rlim_t, rlim_t>{256, 256} ? 0 : 1;
        }) == 0);
}

TEST_CASE("packets keep their bounds, carry descriptors, and outlive their sender") {
  auto [one, two] = packet_pair();
  const auto memory = create_shared_memory("test", 5000);
  const std::array sent{memory.get()};
  const std::string text = "text";
  REQUIRE(send_packet(one.get(), {std::as_bytes(std::span{text})}, sent) == send_result::sent);
  REQUIRE(send_packet(one.get(), {std::as_bytes(std::span{text}).first(2)}) == send_result::sent);
  one.reset();
  std::array<std::byte, 100> room{};
  const auto first = receive_packet(two.get(), {room});
  CHECK(first.size == 4);
  REQUIRE(first.descriptors.size() == 1);
  CHECK(memory_size(first.descriptors[0]) == 5000);
  CHECK(::fcntl(first.descriptors[0].get(), F_GETFD) == FD_CLOEXEC);
  CHECK(receive_packet(two.get(), {room}).size == 2);
  CHECK(receive_packet(two.get(), {room}).result == receive_result::closed);
  CHECK(send_packet(two.get(), {room}) == send_result::closed);
}

TEST_CASE("packets are read although their sender left something unread") {
  auto [one, two] = packet_pair();
  std::array<std::byte, 8> room{};
  REQUIRE(send_packet(two.get(), {room}) == send_result::sent);
  REQUIRE(send_packet(one.get(), {room}) == send_result::sent);
  REQUIRE(send_packet(one.get(), {room}) == send_result::sent);
  one.reset();
  CHECK(receive_packet(two.get(), {room}).result == receive_result::received);
  CHECK(receive_packet(two.get(), {room}).result == receive_result::received);
  CHECK(receive_packet(two.get(), {room}).result == receive_result::closed);
}

TEST_CASE("a packet that does not fit is reported as cut, descriptors as lost, and nothing leaks") {
  auto [one, two] = packet_pair();
  std::array<std::byte, 100> large{};
  std::array<std::byte, 10> small{};
  REQUIRE(send_packet(one.get(), {large}) == send_result::sent);
  CHECK(receive_packet(two.get(), {small}).cut);
  const std::array sent{0, 1, 2};
  REQUIRE(send_packet(one.get(), {small}, sent) == send_result::sent);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const auto open = support::open_descriptors();
  const int free_number = ::dup(0);
  ::close(free_number);
  const auto tight = rlimit{static_cast<rlim_t>(free_number), before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &tight);
  bool lost = false;
  {
    const auto came = receive_packet(two.get(), {small});
    lost = came.lost && !came.cut;
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(lost);
  CHECK(support::open_descriptors() == open);
}

TEST_CASE("a poller tells of a descriptor for as long as it can be read, and until it is forgotten") {
  auto [near, far] = packet_pair();
  poller on;
  int told = 0;
  on.watch(near.get(), [&] { ++told; });
  on.look();
  CHECK(told == 0);
  send_packet(far.get(), {});
  for (int looks = 1; looks <= 2; ++looks) {
    on.wait(never);
    CHECK(told == looks);
  }
  REQUIRE(receive_packet(near.get(), {}).result != receive_result::empty);
  on.wait(deadline_after(1ms));
  CHECK(told == 2);
  far.reset();
  on.wait(never);
  CHECK(told == 3);
  on.forget(near.get());
  on.forget(near.get());
  on.look();
  CHECK(told == 3);
}

TEST_CASE("a callback of a poller ends itself and others that were due") {
  auto [near, far] = packet_pair();
  poller on;
  int told = 0;
  const std::array both{near.get(), far.get()};
  for (const int number : both) {
    on.watch(number, [&, all = both] {
      ++told;
      for (const int each : all) on.forget(each);
    });
  }
  send_packet(far.get(), {});
  send_packet(near.get(), {});
  on.wait(never);
  on.look();
  CHECK(told == 1);
}

TEST_CASE("shared memory keeps its size, and once sealed its contents") {
  const auto memory = create_shared_memory("test", 4096);
  CHECK(cannot_shrink(memory));
  CHECK(::ftruncate(memory.get(), 100) == -1);
  CHECK(::ftruncate(memory.get(), 10'000) == -1);
  std::ignore = mapping::map(memory, access::read_write, 0, 4096);
  seal_writes(memory);
  CHECK(::write(memory.get(), "x", 1) == -1);
  CHECK_THROWS_AS(mapping::map(memory, access::read_write, 0, 4096), std::system_error);
  CHECK(mapping::map(memory, access::read, 0, 4096).bytes().size() == 4096);
}

TEST_CASE("a ring is contiguous across its end") {
  const auto memory = create_shared_memory("test", 3 * page_size());
  const auto ring = mapping::map_ring(memory, access::read_write, page_size(), 2 * page_size());
  REQUIRE(ring.bytes().size() == 4 * page_size());
  std::memcpy(&ring.bytes()[2 * page_size() - 2], "wrap", 4);
  CHECK(std::memcmp(ring.bytes().data(), "ap", 2) == 0);
}
