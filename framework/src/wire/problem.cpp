#include "wire/problem.hpp"

#include <troupe/errors.hpp>

#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <new>
#include <stdexcept>
#include <typeinfo>

namespace troupe::wire {
namespace {

constexpr std::size_t longest_text = 64 * 1024 - 1024;  // with its type's name it must fit a frame

std::string demangled(const std::type_info* type) {
  if (type == nullptr) return "unknown";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name{
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free};
  return std::string{name ? name.get() : type->name()}.substr(0, 512);
}

template <class Exception>
void throw_if_named(const problem& what, const char* name) {
  if (what.type == name) throw Exception{what.text};
}

}  // namespace

problem describe(const std::exception_ptr& caught) {
  problem what;
  try {
    std::rethrow_exception(caught);
  } catch (const std::exception& e) {
    what.type = demangled(&typeid(e));
    what.text = std::string{e.what()}.substr(0, longest_text);
    what.broken_promise = dynamic_cast<const broken_promise*>(&e) != nullptr;
  } catch (...) {
    what.type = demangled(abi::__cxa_current_exception_type());
  }
  return what;
}

void rethrow(const problem& what, const std::string& actor) {
  if (what.broken_promise) throw broken_promise{what.text};
  throw_if_named<std::runtime_error>(what, "std::runtime_error");
  throw_if_named<std::logic_error>(what, "std::logic_error");
  throw_if_named<std::invalid_argument>(what, "std::invalid_argument");
  throw_if_named<std::out_of_range>(what, "std::out_of_range");
  throw_if_named<std::length_error>(what, "std::length_error");
  throw_if_named<std::domain_error>(what, "std::domain_error");
  throw_if_named<std::range_error>(what, "std::range_error");
  throw_if_named<std::overflow_error>(what, "std::overflow_error");
  throw_if_named<std::underflow_error>(what, "std::underflow_error");
  throw_if_named<malformed_message>(what, "troupe::malformed_message");
  throw_if_named<would_deadlock>(what, "troupe::would_deadlock");
  throw_if_named<refused_message>(what, "troupe::refused_message");
  if (what.type == "std::bad_alloc") throw std::bad_alloc{};
  throw remote_exception{actor, what.type, what.text};
}

}  // namespace troupe::wire
