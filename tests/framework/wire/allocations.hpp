#pragma once

#include <cstddef>

/// Bytes that this program has asked `new` for since it began, freed ones included.
std::size_t bytes_allocated();
