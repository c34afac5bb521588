#include "platform/crash_trace.hpp"

#include "platform/module.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <link.h>
#include <span>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>
#include <utility>

namespace troupe::platform {
namespace {

constexpr std::array crash_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr std::int64_t patience = 500'000'000;  // nanoseconds: for finding out what was called

// What the handler needs is here before it does.
crash_trace* the_trace = nullptr;
pid_t the_process = 0;  // a child by fork has the handler, but not the trace
timer_t the_end{};
std::array<char, 4096> own_path{};
alignas(64) std::array<std::byte, std::size_t{64} << 10> the_stack{};
std::atomic_flag is_crashing = ATOMIC_FLAG_INIT;

struct walk {
  std::uintptr_t from;
  std::uint32_t frames = 0;
  bool has_begun = false;
};

// No lock is taken for it: dl_iterate_phdr and dladdr take one, which the thread that crashed may hold.
void note(std::uint32_t place, std::uintptr_t address) {
  auto& frame = the_trace->frame[place];
  frame.module.fill(0);
  frame.offset = address;
  dl_find_object found{};
  if (::_dl_find_object(reinterpret_cast<void*>(address), &found) != 0) return;
  const auto* const map = static_cast<const link_map*>(found.dlfo_link_map);
  const char* const path = map->l_name[0] == '\0' ? own_path.data() : map->l_name;
  const auto length = std::strlen(path), room = frame.module.size() - 1;
  std::memcpy(frame.module.data(), path + (length > room ? length - room : 0), std::min(length, room));
  frame.offset = address - map->l_addr;
}

_Unwind_Reason_Code visit(_Unwind_Context* context, void* argument) {
  auto& state = *static_cast<walk*>(argument);
  const auto address = static_cast<std::uintptr_t>(_Unwind_GetIP(context));
  state.has_begun = state.has_begun || address == state.from;  // before that comes the handler itself
  if (!state.has_begun) return _URC_NO_REASON;
  if (address == 0) return _URC_END_OF_STACK;
  note(state.frames, state.frames == 0 ? address : address - 1);  // behind a call
  return ++state.frames == the_trace->frame.size() ? _URC_END_OF_STACK : _URC_NO_REASON;
}

std::uintptr_t program_counter(const void* context) {
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(registers.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<std::uintptr_t>(registers.pc);
#else
#error "troupe: the program counter's place is not known for this processor"
#endif
}

// The signal has its default action again, and is not blocked: what goes wrong here ends the process by it at once, and
// what takes too long by the timer.
void on_crash(int number, siginfo_t* info, void* context) {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  ::sigaction(number, &usual, nullptr);
  if (the_process == ::getpid() && !is_crashing.test_and_set()) {
    itimerspec when{}, never{};
    when.it_value.tv_nsec = patience;
    ::timer_settime(the_end, 0, &when, nullptr);
    walk state{program_counter(context)};
    note(0, state.from);
    _Unwind_Backtrace(&visit, &state);
    the_trace->process.store(::getpid(), std::memory_order_relaxed);
    the_trace->frames.store(std::max(state.frames, 1U), std::memory_order_release);
    ::timer_settime(the_end, 0, &never, nullptr);  // a core file takes the time that it takes
  }
  // A fault happens again when this returns; what was sent has to be sent again.
  if (info->si_code <= 0) ::syscall(SYS_tgkill, ::getpid(), ::syscall(SYS_gettid), number);
}

_Unwind_Reason_Code nothing(_Unwind_Context*, void*) { return _URC_END_OF_STACK; }

}  // namespace

void prepare_to_record_crashes() {
  static bool is_prepared = false;
  if (std::exchange(is_prepared, true)) return;
  const auto length = ::readlink("/proc/self/exe", own_path.data(), own_path.size() - 1);
  own_path[static_cast<std::size_t>(std::max<ssize_t>(length, 0))] = '\0';
  _Unwind_Backtrace(&nothing, nullptr);  // so that it is loaded and bound
  stack_t stack{};
  if (::sigaltstack(nullptr, &stack) == 0 && (stack.ss_flags & SS_DISABLE) != 0) {
    stack = {the_stack.data(), 0, the_stack.size()};
    ::sigaltstack(&stack, nullptr);
  }
  struct sigaction ours {};
  ours.sa_sigaction = &on_crash;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int number : crash_signals) {
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
        now.sa_handler == SIG_DFL)
      ::sigaction(number, &ours, nullptr);
  }
}

void record_crashes(crash_trace& where) {
  prepare_to_record_crashes();
  where.frames.store(0, std::memory_order_relaxed);
  the_trace = &where;
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  if (::timer_create(CLOCK_MONOTONIC, &event, &the_end) == 0) the_process = ::getpid();  // not handed down
}

std::vector<std::string> lines_of(const crash_trace& trace, pid_t process) {
  std::vector<std::string> lines;
  if (trace.process.load(std::memory_order_relaxed) != process) return lines;
  const auto count = std::min<std::size_t>(trace.frames.load(std::memory_order_acquire), trace.frame.size());
  for (const auto& frame : std::span{trace.frame}.first(count)) {
    std::string module;
    for (const char c : frame.module) {
      if (c == '\0') break;
      module += c > ' ' && c < '\x7f' ? c : '?';
    }
    std::array<char, 32> offset{};
    std::snprintf(offset.data(), offset.size(), "0x%llx", static_cast<unsigned long long>(frame.offset));
    const auto function = function_at(module, frame.offset);
    lines.push_back((module.empty() ? "" : module + '+') + offset.data() +
                    (function.empty() ? "" : " (" + function + ')'));
  }
  return lines;
}

}  // namespace troupe::platform
