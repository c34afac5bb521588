// How an actor answers an ask.
#pragma once

#include <troupe/detail/endpoint.hpp>

#include "runtime/connection.hpp"

#include <memory>

namespace troupe::runtime {

class actor_member;

/// Answers over the connection that the ask came over. Inside a turn the answer is part of it, elsewhere it leaves at once.
class answer final : public detail::replier {
 public:
  answer(actor_member& self, std::shared_ptr<connection> over, std::uint64_t call)
      : self_{self}, over_{std::move(over)}, call_{call} {}
  ~answer() override;

  void value(const detail::body& result) override;
  void error(std::exception_ptr problem) override;
  std::unique_ptr<detail::replier> detach() override;

 private:
  void send(wire::frame_kind kind, const detail::body& body);

  actor_member& self_;
  std::shared_ptr<connection> over_;
  std::uint64_t call_;  // 0: answered, or handed on
};

}  // namespace troupe::runtime
