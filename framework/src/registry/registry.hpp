// Finds what may be invoked, by its id.
#pragma once

#include <troupe/detail/registrar.hpp>

namespace troupe::registry {

/// What has this id in this program and its loaded libraries; null for an id that nothing has. Any thread.
[[nodiscard]] const detail::registrar* find(detail::entry_id id);

/// The newest registrar, whose `next` leads to all older ones.
[[nodiscard]] const detail::registrar* newest();

}  // namespace troupe::registry
