#include <troupe/caf/errors.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace troupe::caf {

namespace {

::caf::error error_of(errc code, const std::string& text) {
  return detail::error_of(static_cast<std::uint8_t>(code), text);
}

errc code_of(call_fate fate) {
  return fate == call_fate::died_running ? errc::died_running : errc::not_started;
}

errc code_of(exit_kind kind) {
  switch (kind) {
    case exit_kind::signal: return errc::killed;
    case exit_kind::code: return errc::exit_code;
    case exit_kind::exception: return errc::threw;
    case exit_kind::limit: return errc::over_limit;
    case exit_kind::escalated: return errc::escalated;
    case exit_kind::node_down: return errc::node_down;
    case exit_kind::normal:
    case exit_kind::forgotten: break;
  }
  return errc::unknown_end;
}

}  // namespace

std::string to_string(errc code) {
  static constexpr std::array names{"",           "exception", "not_started", "died_running", "no_answer",
                                    "refused",    "stopped",   "killed",      "exit_code",    "threw",
                                    "over_limit", "escalated", "unknown_end", "node_down"};
  const auto index = static_cast<std::size_t>(code);
  return index < names.size() ? names[index] : "unknown";
}

std::optional<errc> code_of(const ::caf::error& problem) {
  const auto code = detail::code_of(problem);
  if (!code) return std::nullopt;
  return static_cast<errc>(*code);
}

std::string text_of(const ::caf::error& problem) {
  if (code_of(problem) && problem.context().match_elements<std::string>())
    return problem.context().get_as<std::string>(0);
  return ::caf::to_string(problem);
}

::caf::error to_error(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const caf_error& known) {
    return known.value() ? known.value() : error_of(errc::exception, known.what());
  } catch (const actor_down& down) {
    return error_of(code_of(down.fate()), down.what());
  } catch (const system_stopped& stopped) {
    return error_of(errc::stopped, stopped.what());
  } catch (const broken_promise& broken) {
    return error_of(errc::no_answer, broken.what());
  } catch (const malformed_message& malformed) {
    return error_of(errc::refused, malformed.what());
  } catch (const remote_exception& thrown) {
    return error_of(errc::exception, thrown.text().empty() ? thrown.type() : thrown.text());
  } catch (const std::exception& thrown) {
    return error_of(errc::exception, thrown.what());
  } catch (...) {
    return error_of(errc::exception, "what was thrown is no std::exception");
  }
}

::caf::error to_error(const exit_status& status) {
  if (status.ok()) return {};
  return error_of(code_of(status.kind), troupe::to_string(status));
}

caf_error::caf_error(const std::string& text, ::caf::error problem)
    : error{text}, problem_{std::move(problem)} {}

}  // namespace troupe::caf
