#include <troupe/errors.hpp>
#include <troupe/failed_at.hpp>
#include <troupe/quarantined.hpp>

#include <new>
#include <stdexcept>
#include <typeinfo>

namespace troupe::detail {

namespace {

template <class Exception>
class located final : public Exception, public failed_at {
 public:
  located(const Exception& problem, std::size_t index) : Exception{problem}, failed_at{index} {}
};

/// Handlers are tried from the innermost out; each takes its own type only, and lets those derived from it pass.
template <class... Exceptions>
struct thrower {
  static void run(const std::exception_ptr& problem, std::size_t) { std::rethrow_exception(problem); }
};
template <class First, class... Rest>
struct thrower<First, Rest...> {
  static void run(const std::exception_ptr& problem, std::size_t index) {
    try {
      thrower<Rest...>::run(problem, index);
    } catch (const First& caught) {
      if (typeid(caught) != typeid(First)) throw;
      throw located<First>{caught, index};
    }
  }
};

}  // namespace

void throw_at(const std::exception_ptr& problem, std::size_t index) {
  thrower<std::runtime_error, std::logic_error, std::invalid_argument, std::out_of_range, std::length_error,
          std::domain_error, std::range_error, std::overflow_error, std::underflow_error, std::bad_alloc,
          remote_exception, actor_down, quarantined, deadline_exceeded, queue_deadline_exceeded, start_failed,
          broken_promise, malformed_message, refused_message>::run(problem, index);
  std::terminate();  // not reached: run throws
}

}  // namespace troupe::detail
