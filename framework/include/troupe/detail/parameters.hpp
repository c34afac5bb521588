// Parameters of handlers and functions: how they are sent, kept and passed.
//
//   P                            sent as                    kept, from decoding to the handler's end, as
//   T, const T&, T&&             T                          T
//   std::string_view             its characters             a view into the message
//   std::span<const number>      its numbers                a view into the message, or a copy where they are not aligned
#pragma once

#include <troupe/detail/body.hpp>
#include <troupe/detail/codec.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

/// The parameter's type without reference: what a value is converted to at the sender.
template <class P>
using sent = std::remove_cvref_t<P>;

/// One argument, from decoding to the handler's end.
template <class P>
struct argument {
  explicit argument(byte_reader& in) : value{decode<sent<P>>(in)} {}
  decltype(auto) pass() {
    if constexpr (std::is_lvalue_reference_v<P>) {
      return std::as_const(value);
    } else {
      return std::move(value);
    }
  }
  sent<P> value;
};

template <class P>
requires is_view<sent<P>> && requires { typename sent<P>::element_type; }
struct argument<P> {
  using element = typename sent<P>::element_type;
  explicit argument(byte_reader& in) {
    const auto count = in.take_count(sizeof(element));
    const auto bytes = in.take(count * sizeof(element));
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(element) == 0) {
      view = {reinterpret_cast<element*>(bytes.data()), count};
    } else {
      copy.resize(count);
      if (count != 0) std::memcpy(copy.data(), bytes.data(), bytes.size());
      view = copy;
    }
  }
  argument(const argument&) = delete;
  argument& operator=(const argument&) = delete;
  sent<P>& pass() { return view; }

  std::vector<std::remove_const_t<element>> copy;
  sent<P> view;
};

/// The arguments of one call, decoded one after another. They stay where they are: what is called may refer to them.
template <class... P>
class argument_pack {
 public:
  explicit argument_pack(byte_reader&) {}
  template <class Function, class... Before>
  decltype(auto) pass(Function&& function, Before&&... before) {
    return std::forward<Function>(function)(std::forward<Before>(before)...);
  }
};
template <class First, class... Rest>
class argument_pack<First, Rest...> {
 public:
  explicit argument_pack(byte_reader& in) : first_{in}, rest_{in} {}
  template <class Function, class... Before>
  decltype(auto) pass(Function&& function, Before&&... before) {
    return rest_.pass(std::forward<Function>(function), std::forward<Before>(before)..., first_.pass());
  }

 private:
  argument<First> first_;
  argument_pack<Rest...> rest_;
};

/// The arguments for `std::tuple<P...>` in a message, which has nothing else. Throws `refused_message`.
template <class Parameters>
class arguments;
template <class... P>
class arguments<std::tuple<P...>> {
 public:
  explicit arguments(byte_reader& in) try : pack_{in} {
    if (in.left() != 0) throw_message_too_long(in.left());
    in.finish();
  } catch (...) {
    refuse_message();
  }
  /// Calls `function` with them. To be called once: values are moved.
  template <class Function>
  decltype(auto) apply(Function&& function) {
    return pack_.pass(std::forward<Function>(function));
  }

 private:
  argument_pack<P...> pack_;
};

/// The arguments in the types of the parameters: references where they already have them, converted otherwise.
template <class P, class Argument>
decltype(auto) as_parameter(Argument&& argument) {
  if constexpr (std::is_same_v<sent<P>, std::remove_cvref_t<Argument>>) {
    return static_cast<const sent<P>&>(argument);
  } else {
    return sent<P>(std::forward<Argument>(argument));
  }
}

}  // namespace troupe::detail
