#include <troupe/errors.hpp>
#include <troupe/exit_status.hpp>

#include "platform/process.hpp"

namespace troupe {
namespace {

std::string to_string(call_fate fate) {
  switch (fate) {
    case call_fate::not_started: return "the call had not been started";
    case call_fate::died_running: return "the call had been started";
    case call_fate::gone: break;
  }
  return "it had ended before the call";
}

}  // namespace

std::string to_string(const exit_status& status) {
  switch (status.kind) {
    case exit_kind::normal: return "ended normally";
    case exit_kind::code: return "exit code " + std::to_string(status.code);
    case exit_kind::signal:
      return "killed by " + platform::signal_name(status.code) + (status.core_dumped ? " (core dumped)" : "");
    case exit_kind::limit:
      if (status.limit == limit_kind::hang)
        return "killed: it had hung for " + std::to_string(status.limit_value) + " ms";
      return "killed by " + platform::signal_name(status.code) + ": its CPU time was limited to " +
             std::to_string(status.limit_value) + " s";
    case exit_kind::escalated: return "ended with what it owned: " + status.exception_text;
    case exit_kind::node_down: return status.exception_text;
    case exit_kind::forgotten: return "ended long ago";
    case exit_kind::exception: break;
  }
  const auto& text = status.exception_text;
  auto line = "exception " + status.exception_type + (text.empty() ? "" : ": " + text);
  if (status.limit == limit_kind::private_data)
    line += " (its private data was limited to " + std::to_string(status.limit_value) + " bytes)";
  return line;
}

actor_down::actor_down(const std::string& actor, call_fate fate, exit_status status)
    : error{"actor " + actor + " is down (" + to_string(status) + "); " + to_string(fate)},
      actor_{actor},
      fate_{fate},
      status_{std::move(status)} {}

remote_exception::remote_exception(const std::string& actor, std::string type, std::string text,
                                   std::vector<cause> nested)
    : error{"actor " + actor + " threw " + type + (text.empty() ? "" : ": " + text)},
      actor_{actor},
      type_{std::move(type)},
      text_{std::move(text)},
      nested_{std::move(nested)} {}

start_failed::start_failed(std::string stage, const std::string& why)
    : error{"a process could not be started (" + stage + "): " + why}, stage_{std::move(stage)} {}

}  // namespace troupe
