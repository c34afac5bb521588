// Boost.JSON, compiled once here: Debian's package has it as headers only for programs that do not link its library.
#include <boost/json/src.hpp>
