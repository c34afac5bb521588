// What differs between versions of CAF, in one place. Written for, and built with, 0.17.6 (Debian's libcaf-dev).
#pragma once

#include <caf/all.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
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

/// By CAF's own serializers. Throws what they throw, and what `caf_failed` makes of their errors.
template <class... Values>
[[nodiscard]] ::caf::error write(::caf::actor_system& system, bytes& to, const Values&... values) {
  ::caf::binary_serializer sink{system, to};
  return sink(const_cast<Values&>(values)...);  // inspectors take what they read as mutable too
}
/// Reads what `write` has written, and nothing more.
template <class... Values>
[[nodiscard]] ::caf::error read(::caf::actor_system& system, std::span<const char> from, Values&... values) {
  ::caf::binary_deserializer source{system, from.data(), from.size()};
  if (auto problem = source(values...)) return problem;
  return source.remaining() == 0 ? ::caf::error{} : ::caf::make_error(::caf::sec::unexpected_message);
}

}  // namespace troupe::caf::detail
