#include <troupe/errors.hpp>

#include "platform/memory.hpp"
#include "process/control_link.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <random>
#include <system_error>

using namespace troupe::process_layer;
namespace platform = troupe::platform;

namespace {

struct both_ends {
  both_ends() {
    auto [one, two] = platform::packet_pair();
    a = control_link{std::move(one)};
    b = control_link{std::move(two)};
  }
  void send_raw(std::span<const std::byte> bytes, std::span<const int> descriptors = {}) const {
    REQUIRE(platform::send_packet(a.socket(), {bytes}, descriptors) == platform::send_result::sent);
  }
  control_link a, b;
};

}  // namespace

TEST_CASE("what is said of a shortage names what to raise: open files, or mappings where it is of memory") {
  const std::system_error files{EMFILE, std::system_category(), "memfd_create (page)"};
  CHECK(with_advice_on_room(files).find("ulimit -n") != std::string::npos);
  const std::system_error mappings{ENOMEM, std::system_category(), "mmap (shared memory)"};
  CHECK(with_advice_on_room(mappings).starts_with("mmap (shared memory): Cannot allocate memory; "));
  CHECK(with_advice_on_room(mappings).find("vm.max_map_count") != std::string::npos);
  CHECK(with_advice_on_room(mappings).find("ulimit") == std::string::npos);
}

TEST_CASE("control messages of any size come as they were, descriptors included") {
  both_ends ends;
  const std::size_t size = GENERATE(0U, 1U, 30'000U, 32 * 1024U, 5'000'000U);
  spawn wanted;
  wanted.request = 9;
  wanted.name = "name";
  wanted.arguments.assign(size, 0x5A);
  const std::array descriptors{0, 1};
  REQUIRE(ends.a.send(wanted, descriptors));
  control_message came;
  REQUIRE(ends.b.receive(came) == control_link::state::message);
  CHECK(came.kind() == control_kind::spawn);
  CHECK((came.as<spawn>().arguments == wanted.arguments));
  CHECK(came.as<spawn>().request == 9);
  CHECK(came.descriptors.size() == 2);
  CHECK(ends.b.receive(came) == control_link::state::empty);
  ends.a.close();
  CHECK(ends.b.receive(came) == control_link::state::closed);
  CHECK_FALSE(ends.b.send(wanted));
}

TEST_CASE("a control message that is cut, or another than expected, is malformed") {
  both_ends ends;
  const std::array<std::byte, 3> bytes{std::byte{3}, std::byte{1}, std::byte{2}};
  ends.send_raw(bytes);
  control_message came;
  REQUIRE(ends.b.receive(came) == control_link::state::message);
  CHECK_THROWS_AS(came.as<spawn>(), troupe::malformed_message);
}

TEST_CASE("a control message larger than a packet needs memory of a possible size beside it") {
  const std::array<std::byte, 1> outside{std::byte{0x80 | 3}};
  control_message came;
  SECTION("none") {
    both_ends ends;
    ends.send_raw(outside);
    CHECK_THROWS_AS(ends.b.receive(came), troupe::malformed_message);
  }
  SECTION("a socket") {
    both_ends ends;
    const std::array one{ends.a.socket()};
    ends.send_raw(outside, one);
    CHECK_THROWS_AS(ends.b.receive(came), troupe::error);
  }
}

TEST_CASE("a packet too large for a control message is malformed") {
  both_ends ends;
  ends.send_raw(std::vector<std::byte>(60'000));
  control_message came;
  CHECK_THROWS_AS(ends.b.receive(came), troupe::malformed_message);
}
