// How a pool may be ended, and what comes back.
#pragma once

#include <troupe/options.hpp>

#include <any>
#include <cstddef>
#include <tuple>
#include <vector>

namespace troupe {

struct shutdown_options {
  detail::not_from_braces only_named{};

  bool wait = true;             ///< as `pool::join`
  bool cancel_pending = false;  ///< calls that have not begun end as `cancelled`, else they are made
};

/// A submitted call that was not begun: data, for whoever wants to make it elsewhere. A value.
struct unstarted_call {
  std::size_t number = 0;  ///< how many had been submitted to that pool before it
  std::any
      arguments;  ///< a `std::tuple` of the values that were to be sent; empty where they cannot be copied

  /// The arguments, by their types: those of the function's parameters, without const and references, a `std::string` for a
  /// `std::string_view`. Throws `std::bad_any_cast` where they are others.
  template <class... Values>
  [[nodiscard]] std::tuple<Values...> arguments_as() const {
    return std::any_cast<std::tuple<Values...>>(arguments);
  }
};

/// What `pool::drain` came to.
struct drain_report {
  std::vector<unstarted_call> unstarted;  ///< in the order of their submission
  bool in_time = true;  ///< false: something was still running, and has been ended with its worker
};

}  // namespace troupe
