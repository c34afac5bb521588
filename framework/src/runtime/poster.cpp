#include <troupe/poster.hpp>

#include "runtime/actor_member.hpp"
#include "runtime/post_box.hpp"

#include <stdexcept>
#include <utility>

namespace troupe {

this_actor::poster::poster() {
  auto* const self = runtime::actor_member::current();
  if (self == nullptr || self->is_function())
    throw std::logic_error{"troupe::this_actor::poster: this code does not run inside an actor of a class"};
  box_ = self->open_post_box();
}

void this_actor::poster::post(std::function<void()> run) const { box_->post(std::move(run)); }

namespace runtime {

std::shared_ptr<post_box> actor_member::open_post_box() {
  if (!posted_) {
    posted_ = std::make_shared<post_box>();
    poller_->watch(posted_->descriptor_number(), [this] {
      for (auto& each : posted_->take()) later_.push_back(std::move(each));
    });
  }
  return posted_;
}

}  // namespace runtime
}  // namespace troupe
