// Boost.JSON, compiled once into each target that names it with troupe_compiles_json().
#include <boost/json/src.hpp>
