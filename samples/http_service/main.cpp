// A service with crash-prone work in it: http_service [--port N] [--workers N] [--deadline MILLISECONDS]
#include <troupe/troupe.hpp>

#include "crew.hpp"
#include "server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <charconv>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace {

struct settings {
  unsigned port = 0;  // any that is free
  crew_options crew;
};

template <class Number>
Number number(std::string_view option, std::string_view text, Number least, Number most) {
  Number value{};
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end || value < least || value > most)
    throw std::invalid_argument{std::string{option} + " takes a number from " + std::to_string(least) +
                                " to " + std::to_string(most)};
  return value;
}

settings read_arguments(int argc, char** argv) {
  settings given;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i], text = i + 1 < argc ? argv[i + 1] : "";
    if (option == "--port") {
      given.port = number(option, text, 0U, 65535U);
    } else if (option == "--workers") {
      given.crew.workers = number(option, text, std::size_t{1}, std::size_t{1000});
    } else if (option == "--deadline") {
      given.crew.deadline = std::chrono::milliseconds{number(option, text, 1, 3'600'000)};
    } else {
      throw std::invalid_argument{"usage: http_service [--port N] [--workers N] [--deadline MILLISECONDS]"};
    }
  }
  return given;
}

void serve(const settings& given) {
  boost::asio::io_context loop;  // outlives the system: the ends of its actors are posted here
  troupe::actor_system system;
  crew workers{loop, system, given.crew};
  server http{loop, workers, static_cast<std::uint16_t>(given.port)};

  // The first SIGTERM or Ctrl-C ends it in an orderly way. It is not caught again, so that a second one is its death; and
  // then the guardian sees to it that no process stays.
  boost::asio::signal_set signals{loop, SIGTERM, SIGINT};
  signals.async_wait([&](boost::system::error_code stopped, int) {
    if (stopped) return;
    http.close();
    workers.close();
    signals.clear();
  });

  std::cout << "listening on http://127.0.0.1:" << http.port() << std::endl;
  loop.run();
}

}  // namespace

int main(int argc, char** argv) try {
  troupe::guard(argc, argv);  // first: what follows is the service's alone
  serve(read_arguments(argc, argv));
  return 0;
} catch (const std::exception& problem) {
  std::cerr << "http_service: " << problem.what() << '\n';
  return 1;
}
