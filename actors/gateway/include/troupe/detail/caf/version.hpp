// What differs between versions of CAF, in one place. Written for, and built with, 0.17.6 (Debian's libcaf-dev).
#pragma once

#include <caf/all.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#if CAF_VERSION < 1700 || CAF_VERSION >= 1800
#error "troupe::caf: this version of CAF is not known yet; what differs is in <troupe/detail/caf/version.hpp>"
#endif

namespace troupe::caf::detail {

using bytes = std::vector<char>;  // what CAF's serializer writes into

/// Errors have a category that is an atom, and a message as context.
inline constexpr auto category = ::caf::atom("troupe");
[[nodiscard]] inline ::caf::error error_of(std::uint8_t code, const std::string& text) {
  return {code, category, ::caf::make_message(text)};
}
[[nodiscard]] inline std::optional<std::uint8_t> code_of(const ::caf::error& problem) {
  if (!problem || problem.category() != category) return std::nullopt;
  return problem.code();
}

/// Wakes a proxy from any thread, ahead of its messages: what for is told elsewhere.
inline constexpr std::uint8_t wakes = 255;
inline void wake(const ::caf::actor& proxy) {
  ::caf::actor_cast<::caf::abstract_actor*>(proxy)->enqueue(
      nullptr, ::caf::make_message_id<::caf::message_priority::high>(),
      ::caf::make_message(::caf::exit_msg{proxy.address(), error_of(wakes, {})}), nullptr);
}
[[nodiscard]] inline bool is_wake(const ::caf::event_based_actor* self, const ::caf::exit_msg& exit) {
  return code_of(exit.reason) == wakes && exit.source == self->address();
}

/// The id of a message that is no request, and of one.
[[nodiscard]] inline ::caf::message_id message_number(bool urgent, std::uint64_t request = 0) {
  const auto number = ::caf::make_message_id(request);
  return urgent ? number.with_high_priority() : number;
}
[[nodiscard]] inline std::uint64_t request_number(::caf::message_id response) {
  return response.request_id().integer_value();
}

/// Answers from any thread: `response_promise::deliver` is for the actor's own.
inline void respond(const ::caf::response_promise& to, ::caf::message answer) {
  if (!to.pending()) return;
  auto stages = to.stages();
  if (stages.empty()) {
    to.source()->enqueue(nullptr, to.id().response_id(), std::move(answer), nullptr);
    return;
  }
  const auto next = std::move(stages.back());
  stages.pop_back();
  next->enqueue(::caf::make_mailbox_element(to.source(), to.id(), std::move(stages), std::move(answer)),
                nullptr);
}

/// Hands whatever no handler takes to `use`, as a `message`; `use` sees to the answer.
template <class Use>
void on_any_message(::caf::event_based_actor* self, Use use) {
  self->set_error_handler([use](::caf::scheduled_actor*, ::caf::error& what) {
    use(::caf::make_message(std::move(what)));  // a message too, if it comes alone
  });
  self->set_default_handler(
      [use](::caf::scheduled_actor*, ::caf::message_view& what) -> ::caf::result<::caf::message> {
        use(what.move_content_to_message());
        return ::caf::delegated<::caf::message>{};
      });
}

/// An actor must have a behaviour to live; this one is never called, for `on_any_message` or the down handler come first.
[[nodiscard]] inline ::caf::behavior no_behavior() {
  return {[](const ::caf::down_msg&) {}};
}

/// Whether a handle of an actor or a group is among the elements: CAF would make a null pointer of it on the other side.
[[nodiscard]] inline bool has_handles(const ::caf::message& what) {
  for (std::size_t at = 0; at < what.size(); ++at) {
    switch (what.type(at).first) {
      case ::caf::type_nr<::caf::actor>::value:
      case ::caf::type_nr<::caf::actor_addr>::value:
      case ::caf::type_nr<::caf::strong_actor_ptr>::value:
      case ::caf::type_nr<::caf::group>::value:
      case ::caf::type_nr<std::vector<::caf::actor>>::value:
      case ::caf::type_nr<std::vector<::caf::actor_addr>>::value: return true;
      default: break;
    }
  }
  return false;
}

/// One value. `processor(value)` forgets the error of a message, `inspect` does not.
template <class Processor, class Value>
[[nodiscard]] ::caf::error process_one(Processor& processor, Value& value) {
  if constexpr (std::is_same_v<Value, ::caf::message>) {
    if (has_handles(value)) return ::caf::make_error(::caf::sec::unknown_type, std::string{"a handle"});
    return inspect(processor, value);
  } else {
    return processor(value);
  }
}
template <class Processor, class... Values>
[[nodiscard]] ::caf::error process_all(Processor& processor, Values&... values) {
  ::caf::error problem;
  static_cast<void>(((problem = process_one(processor, values), !problem) && ...));
  return problem;
}

/// Writes values by CAF's own serializers; what these complain of.
template <class... Values>
[[nodiscard]] ::caf::error write(::caf::actor_system& system, bytes& to, Values&... values) {
  ::caf::binary_serializer sink{system, to};
  try {
    return process_all(sink, values...);
  } catch (const std::exception& thrown) {
    return ::caf::make_error(::caf::sec::runtime_error, std::string{thrown.what()});
  }
}
/// Reads what `write` has written, and nothing more. The bytes are another process's: any may come.
template <class... Values>
[[nodiscard]] ::caf::error read(::caf::actor_system& system, std::span<const char> from, Values&... values) {
  ::caf::binary_deserializer source{system, from.data(), from.size()};
  try {
    if (auto problem = process_all(source, values...)) return problem;
  } catch (const std::exception& thrown) {
    return ::caf::make_error(::caf::sec::runtime_error, std::string{thrown.what()});
  }
  return source.remaining() == 0 ? ::caf::error{} : ::caf::make_error(::caf::sec::unexpected_message);
}

/// Has an exception from a handler of `whom` end it with the exception's text, unless it says otherwise itself.
template <class ToError>
void keep_exceptions(const ::caf::actor& whom, ToError to_error) {
  auto* const scheduled =
      dynamic_cast<::caf::scheduled_actor*>(::caf::actor_cast<::caf::abstract_actor*>(whom));
  if (scheduled == nullptr) return;
  scheduled->set_exception_handler(
      [to_error](::caf::scheduled_actor*, std::exception_ptr& thrown) { return to_error(thrown); });
}

}  // namespace troupe::caf::detail
