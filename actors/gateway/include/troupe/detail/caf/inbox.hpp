// The process that what is told to a CAF actor goes through: the host is no actor, and is brought it as answers.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/detail/caf/version.hpp>
#include <troupe/errors.hpp>
#include <troupe/promise.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::caf::detail {

/// Keeps what it is told until the host asks for it, which it does again and again.
template <class... Types>
class inbox {
 public:
  using batch = std::vector<std::variant<Types...>>;

  template <class T>
  void put(T value) {
    kept_.emplace_back(std::move(value));
    give();
  }
  promise<batch> collect() {
    promise<batch> answer;
    wanted_ = answer;
    give();
    return answer;
  }
  void fail(const std::string& why);

 private:
  static constexpr std::size_t most = 1024;  // values in an answer

  void give() {
    if (!wanted_ || kept_.empty()) return;
    batch all;
    for (; !kept_.empty() && all.size() < most; kept_.pop_front()) all.push_back(std::move(kept_.front()));
    std::exchange(wanted_, std::nullopt)->set_value(all);
  }

  std::deque<std::variant<Types...>> kept_;
  std::optional<promise<batch>> wanted_;
};

/// Why a CAF actor has ended, as the exception that its inbox ends by.
[[noreturn]] void throw_caf_error(const std::string& text);
template <class... Types>
void inbox<Types...>::fail(const std::string& why) {
  throw_caf_error(why);
}

/// Whether `reason` is no failure: none, or a shutdown.
[[nodiscard]] bool is_good_order(const ::caf::error& reason);
[[nodiscard]] std::string reason_text(const ::caf::error& reason);

template <class... Types>
void end_inbox_with(const ::caf::actor& whom, const actor<inbox<Types...>>& box) {
  ::caf::actor_cast<::caf::abstract_actor*>(whom)->attach_functor([box](const ::caf::error& reason) {
    try {
      const bool told =
          !is_good_order(reason) && box.template try_tell<&inbox<Types...>::fail>(reason_text(reason));
      if (!told) box.stop();
    } catch (const troupe::error&) {  // it has ended already, or with its system
    }
  });
}

/// Gives the CAF actor what comes, on the thread that runs callbacks, until one of the two has ended.
template <class... Types>
void bring(const actor<inbox<Types...>>& box, const ::caf::actor_addr& whom) {
  using batch = typename inbox<Types...>::batch;
  box.template ask<&inbox<Types...>::collect>().then([box, whom](future<batch> came) {
    try {
      auto all = came.get();
      const auto there = ::caf::actor_cast<::caf::actor>(whom);
      if (!there) return;
      for (auto& each : all)
        std::visit([&](auto& value) { ::caf::anon_send(there, std::move(value)); }, each);
      bring(box, whom);
    } catch (const troupe::error&) {  // its end, which those who have ports hear of
    }
  });
}

}  // namespace troupe::caf::detail
