// Process actors beside the C++ Actor Framework. See docs/guide/with-caf.md.
#pragma once

#include <troupe/caf/as_caf.hpp>
#include <troupe/caf/errors.hpp>
#include <troupe/caf/from_caf.hpp>
#include <troupe/caf/gateway.hpp>
#include <troupe/caf/spawn.hpp>
