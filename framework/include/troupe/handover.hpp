// Handles that have one holder: what is sent away is not the sender's any more.
#pragma once

#include <troupe/process.hpp>

#include <functional>
#include <utility>
#include <vector>

namespace troupe {

namespace detail {

/// Around one send: collects who wants to know where it went. Scopes nest, as a `save` may send. The calling thread's.
class handover_scope {
 public:
  handover_scope() : outer_{std::exchange(innermost, this)} {}
  handover_scope(const handover_scope&) = delete;
  handover_scope& operator=(const handover_scope&) = delete;
  ~handover_scope() { innermost = outer_; }

  void add(const void* what, std::function<void(const process&)> gone) {
    for (auto& each : all_) {
      if (each.what == what) return;  // a message is measured before it is written
    }
    all_.push_back({what, std::move(gone)});
  }
  void sent(const process& to) {
    for (const auto& each : std::exchange(all_, {})) each.gone(to);
  }

  static inline constinit thread_local handover_scope* innermost = nullptr;

 private:
  struct part {
    const void* what;
    std::function<void(const process&)> gone;
  };
  handover_scope* outer_;
  std::vector<part> all_;
};

}  // namespace detail

/// To be called by the `save` of a handle that has one holder at a time: has `gone` called, once, when the message that `what`
/// is being written into has been sent, by a tell, an ask or a spawn, with the process that it went to. Not called where the
/// send fails, nor where the bytes are for something else: an answer, or `pack`; false there. `what`, the handle's address,
/// tells the handles of one message apart. `gone` must not throw. Threads: `save` runs on the sender's.
inline bool when_sent(const void* what, std::function<void(const process& to)> gone) {
  auto* const scope = detail::handover_scope::innermost;
  if (scope != nullptr) scope->add(what, std::move(gone));
  return scope != nullptr;
}

}  // namespace troupe
