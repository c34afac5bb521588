# Finds the C++ Actor Framework 0.17, whose Debian package (libcaf-dev) ships no CMake configuration.
#
#   find_package(CAF 0.17.6 [REQUIRED] [COMPONENTS core io openssl])
#
# Defines CAF_FOUND, CAF_VERSION and the imported targets
#   CAF::core      actors
#   CAF::io        actors across machines; brings CAF::core
#   CAF::openssl   CAF::io over TLS; brings CAF::io
# Each 0.x of CAF is a different interface, so another minor version than the one asked for does not count as found.

if(NOT CAF_FIND_COMPONENTS)
  set(CAF_FIND_COMPONENTS core io openssl)
endif()

find_path(CAF_INCLUDE_DIR caf/config.hpp)
mark_as_advanced(CAF_INCLUDE_DIR)

# config.hpp has one number: 1706 is 0.17.6.
if(CAF_INCLUDE_DIR AND EXISTS ${CAF_INCLUDE_DIR}/caf/config.hpp)
  file(STRINGS ${CAF_INCLUDE_DIR}/caf/config.hpp caf_line REGEX "^#define CAF_VERSION [0-9]+")
  if(caf_line MATCHES "CAF_VERSION ([0-9]+)")
    math(EXPR caf_major "${CMAKE_MATCH_1} / 10000")
    math(EXPR caf_minor "${CMAKE_MATCH_1} / 100 % 100")
    math(EXPR caf_patch "${CMAKE_MATCH_1} % 100")
    set(CAF_VERSION ${caf_major}.${caf_minor}.${caf_patch})
  endif()
endif()

set(caf_header_core caf/all.hpp)
set(caf_header_io caf/io/all.hpp)
set(caf_header_openssl caf/openssl/all.hpp)
foreach(component IN LISTS CAF_FIND_COMPONENTS)
  find_library(CAF_${component}_LIBRARY caf_${component})
  mark_as_advanced(CAF_${component}_LIBRARY)
  if(CAF_${component}_LIBRARY AND EXISTS ${CAF_INCLUDE_DIR}/${caf_header_${component}})
    set(CAF_${component}_FOUND TRUE)
  endif()
endforeach()

set(caf_version_fits TRUE)
if(CAF_FIND_VERSION AND NOT CAF_VERSION MATCHES "^${CAF_FIND_VERSION_MAJOR}\\.${CAF_FIND_VERSION_MINOR}\\.")
  set(caf_version_fits FALSE)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF
  REQUIRED_VARS CAF_INCLUDE_DIR caf_version_fits
  VERSION_VAR CAF_VERSION
  HANDLE_COMPONENTS
  REASON_FAILURE_MESSAGE "(found version '${CAF_VERSION}')")

if(CAF_FOUND)
  find_package(Threads REQUIRED QUIET)
  set(caf_needs_core Threads::Threads)
  set(caf_needs_io CAF::core)
  set(caf_needs_openssl CAF::io)
  foreach(component IN LISTS CAF_FIND_COMPONENTS)
    if(CAF_${component}_FOUND AND NOT TARGET CAF::${component})
      add_library(CAF::${component} UNKNOWN IMPORTED GLOBAL)
      set_target_properties(CAF::${component} PROPERTIES
        IMPORTED_LOCATION ${CAF_${component}_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${CAF_INCLUDE_DIR}
        INTERFACE_LINK_LIBRARIES ${caf_needs_${component}})
    endif()
  endforeach()
endif()
