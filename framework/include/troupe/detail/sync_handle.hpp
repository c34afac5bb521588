// What the handles of locks and their kin have in common.
#pragma once

#include <troupe/detail/attachment.hpp>
#include <troupe/detail/codec_shapes.hpp>

#include <concepts>
#include <cstdint>
#include <memory>

namespace troupe::detail {

class endpoint;
class sync_object;

enum class sync_kind : std::uint32_t { mutex = 1, recursive_mutex, semaphore, event, condition, barrier };

/// Names an object in shared memory that processes wait at. Copies name the same object; a handle travels in messages and as
/// an argument of `spawn`. The memory has no name: the kernel frees it with its last holder.
class sync_handle {
 public:
  /// Whether two handles of one process name the same object.
  friend bool operator==(const sync_handle& a, const sync_handle& b) { return a.object_ == b.object_; }

 protected:
  sync_handle() = default;
  explicit sync_handle(std::shared_ptr<sync_object> object) : object_{std::move(object)} {}
  /// Throws `std::logic_error` where the handle names nothing.
  [[nodiscard]] sync_object& object() const;

 private:
  template <class T>
  friend struct wire_form;
  std::shared_ptr<sync_object> object_;
};

/// A new object: `first` and `second` are its kind's own figures. Its memory is taken when it is used or sent first.
[[nodiscard]] std::shared_ptr<sync_object> make_sync_object(sync_kind kind, std::uint32_t first = 0,
                                                            std::uint32_t second = 0);
[[nodiscard]] attachment attachment_of(const std::shared_ptr<sync_object>& object);
/// Throws `malformed_message` where the memory is no such object.
[[nodiscard]] std::shared_ptr<sync_object> sync_object_in(const attachment& came, sync_kind kind);

template <class T>
requires std::derived_from<T, sync_handle>
struct wire_form<T> {
  static attachment to(const T& handle) { return attachment_of(handle.object_); }
  static T from(const attachment& came, endpoint*) {
    T handle;
    handle.object_ = sync_object_in(came, T::kind);
    return handle;
  }
};

}  // namespace troupe::detail
