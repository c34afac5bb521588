// An unchanged CAF actor in a process of its own.
#pragma once

#include <troupe/actor_system.hpp>
#include <troupe/caf/errors.hpp>
#include <troupe/caf/gateway.hpp>
#include <troupe/detail/caf/hosted.hpp>
#include <troupe/detail/caf/passage.hpp>
#include <troupe/options.hpp>

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::caf {

namespace detail {

template <class Parameters>
struct without_self {
  using type = Parameters;
};
template <class Self, class... Rest>
requires std::is_base_of_v<::caf::local_actor, Self>
struct without_self<std::tuple<Self*, Rest...>> {
  using type = std::tuple<Rest...>;
};

template <class>
struct kept;
template <class... T>
struct kept<std::tuple<T...>> {
  using type = std::tuple<std::remove_cvref_t<T>...>;
};

/// Arguments of a class's constructor as they travel; text literals as strings.
template <class Argument>
using kept_argument =
    std::conditional_t<std::is_convertible_v<Argument, const char*>, std::string, std::decay_t<Argument>>;

template <class Values>
[[nodiscard]] bytes write_all(::caf::actor_system& system, Values values) {
  bytes written;
  const auto problem = std::apply(
      [&](auto&... each) { return sizeof...(each) == 0 ? ::caf::error{} : write(system, written, each...); },
      values);
  if (problem) throw caf_error{problem};
  return written;
}
template <class Values>
[[nodiscard]] Values read_all(::caf::actor_system& system, const bytes& from) {
  Values values;
  const auto problem = std::apply(
      [&](auto&... each) { return sizeof...(each) == 0 ? ::caf::error{} : read(system, from, each...); },
      values);
  if (problem) throw caf_error{problem};
  return values;
}

/// How the process spawns its CAF actor.
template <auto Function>
struct by_function {
  using handle = ::caf::infer_handle_from_fun_t<std::remove_cvref_t<decltype(Function)>>;
  using values = typename kept<typename without_self<typename troupe::detail::callable_traits<
      std::remove_cvref_t<decltype(Function)>>::parameters>::type>::type;
  static ::caf::actor spawn(::caf::actor_system& system, const bytes& arguments) {
    return std::apply(
        [&](auto&&... each) {
          auto made = ::caf::actor_cast<::caf::actor>(system.spawn(Function, std::move(each)...));
          keep_exceptions(made, [](const std::exception_ptr& thrown) { return to_error(thrown); });
          return made;
        },
        read_all<values>(system, arguments));
  }
};
template <class Actor, class... Arguments>
struct by_class {
  using handle = ::caf::infer_handle_from_class_t<Actor>;
  using values = std::tuple<Arguments...>;
  static ::caf::actor spawn(::caf::actor_system& system, const bytes& arguments) {
    return std::apply(
        [&](auto&&... each) {
          return ::caf::actor_cast<::caf::actor>(system.spawn<Actor>(std::move(each)...));
        },
        read_all<values>(system, arguments));
  }
};

/// The name of a function or class, for people: what the compiler writes behind the `=`.
template <auto Function>
[[nodiscard]] std::string_view name_in_text() {
  return __PRETTY_FUNCTION__;
}
template <class Actor>
[[nodiscard]] std::string_view name_in_text() {
  return __PRETTY_FUNCTION__;
}
[[nodiscard]] std::string name_in(std::string_view pretty_function);

template <class What, class Config>
[[nodiscard]] typename What::handle spawn_hosted(const gateway<Config>& systems, spawn_options options,
                                                 std::string_view name, typename What::values values) {
  if (options.name.empty()) options.name = name_in(name);
  const auto whom = systems.processes().template spawn<hosted<What, Config>>(
      options, write_all(systems.actors(), std::move(values)));
  const auto way = std::make_shared<passage_to<hosted<What, Config>>>(systems.actors(), whom);
  return ::caf::actor_cast<typename What::handle>(way->open());
}

}  // namespace detail

/// Places a CAF actor in a process of its own, as it is: `spawn<worker>(gateway, arguments...)` instead of
/// `system.spawn(worker, arguments...)`. `Function` returns a `caf::behavior` or a `typed_behavior`, with or without a pointer
/// to the actor as its first parameter. What is returned sends, requests, monitors, links and is published as usual; typed
/// actors have their typed handle. Arguments and messages travel by CAF's own serializers: types that CAF does not know are
/// announced by the gateway's `Config`, and by the host's.
///
/// ## What travels
/// Messages with their sender, requests and their answers, exit messages, what the actor sends to whoever has sent it
/// something. Not: handles of actors inside messages, its own requests to actors of the host, groups, streams.
///
/// ## Ending
/// It ends as any CAF actor does: by `quit`, by an exit message, and when nobody refers to it; the process ends with it, and
/// the reason is told. Where the process dies, the reason of the down message is `to_error` of how; with
/// `options.restart` it is started again instead, by the same arguments, and what had not begun is handled then. An actor
/// that ends with a failure counts as a crash. `exit_reason::kill` kills the process.
///
/// In the process one thread does all that the actor does, one message at a time. Actors that have threads of their own
/// (detached, blocking, brokers) are heard within a millisecond. Waits for the process to exist. Threads: any. Processes: the
/// host. Throws `start_failed`, `system_stopped`, and `caf_error` where an argument does not travel.
template <auto Function, class Config, class... Arguments>
auto spawn(const gateway<Config>& systems, const spawn_options& options, Arguments&&... arguments) {
  using what = detail::by_function<Function>;
  return detail::spawn_hosted<what>(systems, options, detail::name_in_text<Function>(),
                                    typename what::values(std::forward<Arguments>(arguments)...));
}
template <auto Function, class Config, class... Arguments>
requires(!troupe::detail::begins_with_options<Arguments...>) auto spawn(const gateway<Config>& systems,
                                                                        Arguments&&... arguments) {
  return spawn<Function>(systems, spawn_options{}, std::forward<Arguments>(arguments)...);
}

/// As above, for an actor that is a class.
template <class Actor, class Config, class... Arguments>
auto spawn(const gateway<Config>& systems, const spawn_options& options, Arguments&&... arguments) {
  using what = detail::by_class<Actor, detail::kept_argument<Arguments>...>;
  return detail::spawn_hosted<what>(systems, options, detail::name_in_text<Actor>(),
                                    typename what::values(std::forward<Arguments>(arguments)...));
}
template <class Actor, class Config, class... Arguments>
requires(!troupe::detail::begins_with_options<Arguments...>) auto spawn(const gateway<Config>& systems,
                                                                        Arguments&&... arguments) {
  return spawn<Actor>(systems, spawn_options{}, std::forward<Arguments>(arguments)...);
}

}  // namespace troupe::caf
