// A CAF actor in a process of its own: what runs there.
#pragma once

#include <troupe/detail/caf/version.hpp>
#include <troupe/promise.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace troupe::caf::detail {

/// A message on its way to or from a hosted actor.
struct parcel {
  enum class what : std::uint8_t {
    message,  ///< one way
    exit,     ///< to it: an exit message; `content` is the reason
    ended     ///< from it: it has ended; `content` is the reason
  };
  what kind = what::message;
  std::uint64_t peer = 0;  ///< the CAF actor at the other end, by its id in the host; 0: nobody
  bool urgent = false;
  bytes content{};  ///< by CAF's serializers
};

/// The CAF system of this process, with the one actor that it is there for. What the two do is done on the thread that calls
/// here, before a call returns: so what a message makes the actor send, and its being handled, are one turn.
class hosting {
 public:
  using make_actor = std::function<::caf::actor(::caf::actor_system&)>;
  hosting(std::unique_ptr<::caf::actor_system_config> settings, const make_actor& make);
  ~hosting();
  hosting(const hosting&) = delete;
  hosting& operator=(const hosting&) = delete;

  /// Throws `caf_error` where its content cannot be read; the hosted actor sees nothing of it.
  void take(const parcel& what);
  [[nodiscard]] promise<bytes> answer(const parcel& request);
  /// What the hosted actor sends to others than those who wait for an answer: when there is some.
  [[nodiscard]] promise<std::vector<parcel>> collect();

 private:
  class inside;
  std::unique_ptr<inside> inside_;
};

/// The process actor around it. `What` knows how to spawn the CAF actor: `spawn(system, arguments)`.
template <class What, class Config>
class hosted {
 public:
  explicit hosted(const bytes& arguments)
      : hosting_{std::make_unique<Config>(),
                 [&](::caf::actor_system& system) { return What::spawn(system, arguments); }} {}

  void take(const parcel& what) { hosting_.take(what); }
  promise<bytes> answer(const parcel& request) { return hosting_.answer(request); }
  promise<std::vector<parcel>> collect() { return hosting_.collect(); }

 private:
  hosting hosting_;
};

}  // namespace troupe::caf::detail
