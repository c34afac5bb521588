// What compile times are compared with, so that they mean the same on a faster or busier machine: headers that do not change
// with Troupe. See measure.
#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>
