#include "wire/problem.hpp"

#include <algorithm>
#include <any>
#include <array>
#include <cstdlib>
#include <cxxabi.h>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

namespace troupe::wire {
namespace {

// All of it must fit a frame, whatever the number of causes.
constexpr std::size_t longest_type = 512;
constexpr std::size_t longest_path = std::size_t{2} * 1024;
constexpr std::size_t longest_cause = std::size_t{4} * 1024;
constexpr std::size_t most_of_causes = std::size_t{24} * 1024;
constexpr std::size_t most_causes = 64;

std::string cut(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  const auto note = " ... [cut here: " + std::to_string(text.size()) + " bytes]";
  text.resize(limit - std::min(limit, note.size()));
  return text + note;
}

// What std::throw_with_nested throws is of a class of its own, derived from the one that the user named.
std::string without_nesting(std::string type) {
  constexpr std::string_view wrapper = "std::_Nested_exception<";
  if (type.starts_with(wrapper) && type.ends_with('>')) {
    type = type.substr(wrapper.size(), type.size() - wrapper.size() - 1);
    while (type.ends_with(' ')) type.pop_back();
  }
  return type;
}

std::string demangled(const std::type_info* type) {
  if (type == nullptr) return "unknown";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name{
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free};
  return without_nesting(name ? name.get() : type->name()).substr(0, longest_type);
}

std::string text_of(const std::exception& e) {
  // A filesystem_error's what() is made of the other's, its paths, and words of its own: it will be made again there.
  const auto* const file = dynamic_cast<const std::filesystem::filesystem_error*>(&e);
  const char* const text = file != nullptr ? file->std::system_error::what() : e.what();
  return text != nullptr ? text : "(its what() returned a null pointer)";
}

const std::error_category* category_of(code_category which) {
  switch (which) {
    case code_category::generic: return &std::generic_category();
    case code_category::system: return &std::system_category();
    case code_category::iostream: return &std::iostream_category();
    case code_category::future: return &std::future_category();
    case code_category::none: break;
  }
  return nullptr;
}

void add_code(problem& what, const std::error_code& code) {
  constexpr std::array known{code_category::generic, code_category::system, code_category::iostream,
                             code_category::future};
  const auto place = std::find_if(known.begin(), known.end(),
                                  [&](auto each) { return *category_of(each) == code.category(); });
  if (place == known.end()) return;
  what.category = *place;
  what.code = code.value();
}

void describe_standard(problem& what, const std::exception& e, std::size_t longest) {
  what.type = demangled(&typeid(e));
  what.text = cut(text_of(e), longest);
  what.broken_promise = dynamic_cast<const broken_promise*>(&e) != nullptr;
  if (const auto* const with_code = dynamic_cast<const std::system_error*>(&e)) {
    add_code(what, with_code->code());
  } else if (const auto* const of_future = dynamic_cast<const std::future_error*>(&e)) {
    add_code(what, of_future->code());
  }
  if (const auto* const file = dynamic_cast<const std::filesystem::filesystem_error*>(&e)) {
    what.paths = {file->path1().native().substr(0, longest_path),
                  file->path2().native().substr(0, longest_path)};
  }
}

// Describes one exception, without its causes; returns what was nested in it.
std::exception_ptr describe_one(problem& what, const std::exception_ptr& caught, std::size_t longest) {
  const auto nested_in = [](const auto& e) {
    const auto* const nested = dynamic_cast<const std::nested_exception*>(&e);
    return nested != nullptr ? nested->nested_ptr() : nullptr;
  };
  try {
    std::rethrow_exception(caught);
  } catch (const std::exception& e) {
    describe_standard(what, e, longest);
    return nested_in(e);
  } catch (const std::nested_exception& e) {
    what.type = demangled(abi::__cxa_current_exception_type());
    return e.nested_ptr();
  } catch (...) {
    what.type = demangled(abi::__cxa_current_exception_type());
    return nullptr;
  }
}

template <class Exception>
[[noreturn]] void throw_nesting(Exception exception, const problem& what, const std::string& actor) {
  if (what.causes.empty()) throw exception;
  problem cause;
  cause.type = what.causes.front().type;
  cause.text = what.causes.front().text;
  cause.causes.assign(what.causes.begin() + 1, what.causes.end());
  try {
    rethrow(cause, actor);
  } catch (...) {
    std::throw_with_nested(std::move(exception));
  }
}

template <class Exception>
void throw_if_named(const problem& what, const std::string& actor, const char* name) {
  if (what.type != name) return;
  if constexpr (std::is_constructible_v<Exception, std::string>) {
    throw_nesting(Exception{what.text}, what, actor);
  } else {
    throw_nesting(Exception{}, what, actor);
  }
}

// The text that a system_error adds the code's to.
std::string without_message(std::string text, const std::string& message) {
  if (text == message) return {};
  if (text.ends_with(": " + message)) text.resize(text.size() - message.size() - 2);
  return text;
}

void throw_if_with_code(const problem& what, const std::string& actor) {
  const auto* const category = category_of(what.category);
  if (category == nullptr) return;
  const std::error_code code{what.code, *category};
  const auto text = without_message(what.text, code.message());
  if (what.type == "std::system_error") {
    throw_nesting(text.empty() ? std::system_error{code} : std::system_error{code, text}, what, actor);
  }
  if (what.type == "std::filesystem::__cxx11::filesystem_error" && what.paths.size() == 2) {
    throw_nesting(std::filesystem::filesystem_error{text, what.paths[0], what.paths[1], code}, what, actor);
  }
  if (what.type.starts_with("std::ios_base::failure"))
    throw_nesting(std::ios_base::failure{text, code}, what, actor);
  if (what.type == "std::future_error" && what.category == code_category::future) {
    throw_nesting(std::future_error{std::future_errc{what.code}}, what, actor);
  }
}

void throw_if_without_text(const problem& what, const std::string& actor) {
  throw_if_named<std::bad_alloc>(what, actor, "std::bad_alloc");
  throw_if_named<std::bad_array_new_length>(what, actor, "std::bad_array_new_length");
  throw_if_named<std::bad_cast>(what, actor, "std::bad_cast");
  throw_if_named<std::bad_any_cast>(what, actor, "std::bad_any_cast");
  throw_if_named<std::bad_typeid>(what, actor, "std::bad_typeid");
  throw_if_named<std::bad_exception>(what, actor, "std::bad_exception");
  throw_if_named<std::bad_function_call>(what, actor, "std::bad_function_call");
  throw_if_named<std::bad_weak_ptr>(what, actor, "std::bad_weak_ptr");
  throw_if_named<std::bad_optional_access>(what, actor, "std::bad_optional_access");
  throw_if_named<std::bad_variant_access>(what, actor, "std::bad_variant_access");
  throw_if_named<std::exception>(what, actor, "std::exception");
}

}  // namespace

problem describe(const std::exception_ptr& caught, std::size_t longest) {
  problem what;
  auto nested = describe_one(what, caught, longest);
  std::size_t left = most_of_causes;
  while (nested && what.causes.size() < most_causes) {
    problem cause;
    nested = describe_one(cause, nested, longest_text);
    cause.type.resize(std::min({cause.type.size(), left / 2, std::size_t{128}}));
    cause.text = cut(std::move(cause.text), std::min(longest_cause, left / 2));
    left -= cause.type.size() + cause.text.size();
    what.causes.push_back({std::move(cause.type), std::move(cause.text)});
  }
  return what;
}

void rethrow(const problem& what, const std::string& actor) {
  if (what.broken_promise) throw broken_promise{what.text};
  throw_if_named<std::runtime_error>(what, actor, "std::runtime_error");
  throw_if_named<std::logic_error>(what, actor, "std::logic_error");
  throw_if_named<std::invalid_argument>(what, actor, "std::invalid_argument");
  throw_if_named<std::out_of_range>(what, actor, "std::out_of_range");
  throw_if_named<std::length_error>(what, actor, "std::length_error");
  throw_if_named<std::domain_error>(what, actor, "std::domain_error");
  throw_if_named<std::range_error>(what, actor, "std::range_error");
  throw_if_named<std::overflow_error>(what, actor, "std::overflow_error");
  throw_if_named<std::underflow_error>(what, actor, "std::underflow_error");
  throw_if_named<malformed_message>(what, actor, "troupe::malformed_message");
  throw_if_named<would_deadlock>(what, actor, "troupe::would_deadlock");
  throw_if_named<refused_message>(what, actor, "troupe::refused_message");
  throw_if_without_text(what, actor);
  throw_if_with_code(what, actor);
  throw remote_exception{actor, what.type, what.text, what.causes};
}

}  // namespace troupe::wire
