// The answer of another node's actor, by way of the gateway's.
#pragma once

#include "node_endpoint.hpp"
#include "node_frames.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::detail {

/// Passes on what the gateway's answer says. As any `remote::answer`.
class node_reply final : public remote::answer {
 public:
  enum class of : std::uint8_t { call, end };
  /// `from` is null for one that the endpoint keeps itself: no handles are in it, and nobody gives it up.
  node_reply(std::shared_ptr<node_endpoint> from, std::string gateway, std::shared_ptr<remote::answer> inner,
             std::uint64_t label, of what);

  bool ready() override { return wait(remote::deadline{}); }
  bool wait(remote::deadline until) override { return remote::wait_for(*this, until); }
  [[nodiscard]] bool settled() const noexcept override { return inner_->settled(); }
  bool wait_any(std::span<remote::answer* const> several, remote::deadline until) override {
    return wait_for_any(several, until);
  }
  void then(std::function<void()> run) override { inner_->then(std::move(run)); }
  std::optional<std::vector<std::shared_ptr<remote::answer>>> sources() override {
    return std::vector{inner_};
  }
  remote::raw_reader result() override;
  [[nodiscard]] std::uint32_t incarnation() const override;
  /// As was last heard: the question goes there and back, and its answer is not waited for.
  [[nodiscard]] bool has_begun() override;
  void cancel() override;
  void abort() override;

 private:
  remote::raw_reader end_of(const actor_down& down);

  std::shared_ptr<node_endpoint> from_;
  std::string gateway_;
  std::shared_ptr<remote::answer> inner_;
  std::uint64_t label_;
  of what_;
  std::shared_ptr<remote::endpoint> answering_;  ///< where it is another than was asked
  remote::attached_memory copies_;               ///< in the answer to a call, which one thread takes

  std::mutex mutex_;
  packed_bytes end_;  ///< written once: several threads may read it
  std::atomic<bool> has_begun_ = false;
  std::shared_ptr<remote::answer> question_;  ///< whether it has, under way
};

}  // namespace troupe::detail
