// A CAF actor in a process of its own: what stands for it in the host.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/detail/caf/ending.hpp>
#include <troupe/detail/caf/hosted.hpp>
#include <troupe/detail/caf/version.hpp>
#include <troupe/exit_status.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::caf::detail {

/// The way to a hosted actor and back, for the CAF actor that stands for it. Any thread.
class passage : public std::enable_shared_from_this<passage> {
 public:
  explicit passage(::caf::actor_system& system) : system_{&system} {}
  virtual ~passage() = default;
  passage(const passage&) = delete;
  passage& operator=(const passage&) = delete;

  /// Spawns the CAF actor that stands for the hosted one.
  [[nodiscard]] ::caf::actor open();

 protected:
  virtual void tell(const parcel& what) = 0;
  virtual future<bytes> ask(const parcel& what) = 0;
  virtual future<std::vector<parcel>> collect() = 0;
  [[nodiscard]] virtual process where() const = 0;

 private:
  [[nodiscard]] ::caf::behavior represent(::caf::event_based_actor* self);
  void pass_on(::caf::event_based_actor* self, ::caf::message what);
  void request(const parcel& what, const ::caf::response_promise& promise);
  void pass_exit_on(::caf::exit_msg& exit);
  void close();

  // On the thread that runs callbacks:
  [[nodiscard]] ::caf::message answer_in(future<bytes>& ready);
  void go_on_collecting();
  void bring(future<std::vector<parcel>>& came);
  void bring(const parcel& what);
  void end(const exit_status& status);

  [[nodiscard]] std::uint64_t number_of(const ::caf::strong_actor_ptr& peer);

  std::recursive_mutex
      mutex_;  // while it is held the CAF system is there; to drop an actor may end the proxy
  ::caf::actor_system* system_;  // null once the proxy has ended: its system may be gone
  ::caf::actor_addr proxy_;
  std::unordered_map<std::uint64_t, ::caf::actor_addr> peers_;  // who has sent something
  std::size_t had_ = 64;
  std::optional<::caf::error> last_reason_;
  ending ending_;
};

template <class Hosted>
class passage_to final : public passage {
 public:
  passage_to(::caf::actor_system& system, actor<Hosted> whom) : passage{system}, whom_{std::move(whom)} {}

 protected:
  void tell(const parcel& what) override { whom_.template tell<&Hosted::take>(what); }
  future<bytes> ask(const parcel& what) override { return whom_.template ask<&Hosted::answer>(what); }
  future<std::vector<parcel>> collect() override { return whom_.template ask<&Hosted::collect>(); }
  [[nodiscard]] process where() const override { return whom_; }

 private:
  actor<Hosted> whom_;
};

}  // namespace troupe::caf::detail
