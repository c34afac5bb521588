// What lies in a journal whose receiver has gone.
#pragma once

#include "channel/page.hpp"
#include "platform/descriptor.hpp"
#include "wire/frame.hpp"

#include <cstdint>
#include <functional>

namespace troupe::channel {

/// Hands the frames between `from` and `head`, in order, to `sink`, which may look at one until it returns. Ends early where
/// the journal, which others have written to, makes no sense: at most its capacity is read.
void for_each_unread(const platform::descriptor& memory, progress from, std::uint64_t head,
                     const std::function<void(const wire::frame&)>& sink);

}  // namespace troupe::channel
