#include "support/program.hpp"

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace support {
namespace {

constexpr int patience = 20'000;

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (auto& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct pipe_ends {
  int read_end;
  int write_end;
};
pipe_ends make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error{"pipe2"};
  return {ends[0], ends[1]};
}

}  // namespace

program::program(const std::string& path, const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment) {
  std::vector<std::string> all{path};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = environment;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  const auto in = make_pipe();
  const auto out = make_pipe();
  std::FILE* const errors = std::tmpfile();  // read at the end: never in the program's way
  errors_ = ::fcntl(::fileno(errors), F_DUPFD_CLOEXEC, 3);
  std::fclose(errors);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read_end, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write_end, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors_, STDERR_FILENO);
  const int failure = ::posix_spawn(&pid_, path.c_str(), &actions, nullptr, pointers_to(all).data(),
                                    pointers_to(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(in.read_end);
  ::close(out.write_end);
  input_ = in.write_end;
  output_ = out.read_end;
  if (failure != 0) throw std::runtime_error{"cannot start " + path};
}

program::~program() {
  close_input();
  if (!ending_) {
    kill(SIGKILL);
    wait();
  }
  ::close(output_);
  ::close(errors_);
}

bool program::read_more() {
  pollfd watched{output_, POLLIN, 0};
  if (::poll(&watched, 1, patience) != 1) return false;
  std::array<char, 64 * 1024> room;
  const auto size = ::read(output_, room.data(), room.size());
  if (size <= 0) return false;
  text_.append(room.data(), static_cast<std::size_t>(size));
  return true;
}

std::optional<std::string> program::line() {
  for (;;) {
    if (const auto end = text_.find('\n'); end != std::string::npos) {
      auto first = text_.substr(0, end);
      text_.erase(0, end + 1);
      return first;
    }
    if (!read_more()) return std::nullopt;
  }
}

std::string program::rest() {
  while (read_more()) {
  }
  return std::exchange(text_, {});
}

std::string program::errors() {
  std::string all;
  std::array<char, 4096> room;
  ::lseek(errors_, 0, SEEK_SET);
  for (;;) {
    const auto size = ::read(errors_, room.data(), room.size());
    if (size <= 0) return all;
    all.append(room.data(), static_cast<std::size_t>(size));
  }
}

void program::write(const std::string& text) {
  if (::write(input_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error{"the program does not read its input"};
}

void program::close_input() {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
}

void program::kill(int signal) const { ::kill(pid_, signal); }

ending program::wait() {
  if (!ending_) {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ending_ = WIFSIGNALED(status) ? ending{true, WTERMSIG(status)} : ending{false, WEXITSTATUS(status)};
  }
  return *ending_;
}

}  // namespace support
