// What may travel in a message.
#pragma once

#include <troupe/detail/codec.hpp>

namespace troupe {

/// A type whose values travel between actors: arithmetic types, enumerations, strings, the standard containers, `optional`
/// and `tuple` of messages; classes with a cereal `serialize` (or `save` and `load`); plain aggregates of messages with
/// nothing written at all; and handles (`actor<A>`, `queue<T>`). Pointers and references do not travel: the other process
/// has another memory. A value is rebuilt on the other side, so it needs a default constructor and a move.
///
/// An enumeration without a fixed underlying type (`enum e { a, b }`, neither `enum class` nor `enum e : int`) is taken on
/// trust: which values it may hold cannot be asked, so a corrupted message could bring another.
template <class T>
concept message = detail::is_message<T>();

}  // namespace troupe
