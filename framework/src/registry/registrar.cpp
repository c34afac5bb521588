#include <troupe/detail/registrar.hpp>

#include "platform/module.hpp"
#include "registry/registry.hpp"

#include <stdexcept>
#include <string_view>

namespace troupe {
namespace {

// Constant-initialized, so that it is there before the first registrar's constructor runs.
constinit std::atomic<const detail::registrar*> head{nullptr};

// GCC writes "... method_entry<A, Method>::name() [with A = counter; auto Method = &counter::add]", clang
// "... [A = counter, Method = &counter::add]". What names the entry stands behind the wanted parameter's " = ".
std::string_view value_of(std::string_view pretty, std::string_view parameter) {
  const auto at = pretty.find(std::string{parameter} + " = ");
  if (at == std::string_view::npos) return pretty;
  auto value = pretty.substr(at + parameter.size() + 3);
  int depth = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '<' || c == '(' || c == '{') ++depth;
    if ((c == '>' && (i == 0 || value[i - 1] != '-')) || c == ')' || c == '}') --depth;
    if (c == ']' || (depth <= 0 && (c == ';' || c == ','))) return value.substr(0, i);
  }
  return value;
}

}  // namespace

const detail::registrar* registry::newest() { return head.load(std::memory_order_acquire); }

namespace detail {

registrar::registrar(const char* name, const void* owner, construct_function make, destroy_function unmake,
                     relies_function relies)
    : pretty{name}, actor_class{owner}, construct{make}, destroy{unmake}, relies_on{relies} {
  link();
}

registrar::registrar(const char* name, run_function body) : pretty{name}, run{body} { link(); }

registrar::registrar(const char* name, const void* owner, call_function body, bool may_suspend)
    : pretty{name}, actor_class{owner}, call{body}, is_coroutine{may_suspend} {
  link();
}

void registrar::link() {
  next = head.load(std::memory_order_relaxed);
  while (!head.compare_exchange_weak(next, this, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

entry_id registrar::id() const {
  auto id = id_.load(std::memory_order_relaxed);
  if (id != entry_id::none) return id;
  const auto module = platform::module_of(this);
  if (!module) throw std::logic_error{"a registrar lies in no module: it must be a static object"};
  id = entry_id{module->identity + (reinterpret_cast<std::uintptr_t>(this) - module->base)};
  id_.store(id, std::memory_order_relaxed);
  return id;
}

std::string registrar::display_name() const {
  const std::string_view parameter = construct != nullptr ? "A" : call != nullptr ? "Method" : "Function";
  std::string name{value_of(pretty, parameter)};
  if (name.starts_with('&')) name.erase(0, 1);
  if (const auto anonymous = name.find("{anonymous}::"); anonymous != std::string::npos)
    name.erase(anonymous, 13);
  if (const auto anonymous = name.find("(anonymous namespace)::"); anonymous != std::string::npos)
    name.erase(anonymous, 23);
  return name;
}

}  // namespace detail
}  // namespace troupe
