#pragma once

#include <troupe/detail/registrar.hpp>

troupe::detail::entry_id other_method();
troupe::detail::entry_id other_function();
