# Every library that Troupe builds on, found in one place. One that is missing is named with its Debian package.

# troupe_need(<find_package name> <Debian package> [version and other arguments of find_package])
macro(troupe_need name package)
  find_package(${name} ${ARGN} QUIET)
  if(NOT ${name}_FOUND)
    string(JOIN " " troupe_wanted ${name} ${ARGN})
    message(FATAL_ERROR "Not found: ${troupe_wanted}. On Debian: apt-get install ${package}")
  endif()
endmacro()

set(Boost_NO_WARN_NEW_VERSIONS ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
troupe_need(Threads libc6-dev)
troupe_need(Boost libboost1.81-dev 1.81)  # headers only: Boost::headers
troupe_need(cereal libcereal-dev)         # cereal::cereal
if(TROUPE_BUILD_TOOLS)
  troupe_need(CLI11 libcli11-dev 2)       # CLI11::CLI11
  troupe_need(JPEG libjpeg62-turbo-dev)   # JPEG::JPEG
  troupe_need(PNG libpng-dev 1.6)         # PNG::PNG
endif()
if(TROUPE_BUILD_TESTS)
  troupe_need(Catch2 catch2 2.13)         # Catch2::Catch2, and include(Catch) for catch_discover_tests
  troupe_need(CAF libcaf-dev 0.17.6 COMPONENTS core io openssl)  # CAF::core, CAF::io, CAF::openssl
  troupe_need(OpenSSL libssl-dev 3)       # OpenSSL::SSL, OpenSSL::Crypto
endif()
if(TROUPE_BUILD_BENCHMARKS)
  troupe_need(benchmark libbenchmark-dev) # benchmark::benchmark
endif()

# troupe_compiles_json(<target>) compiles Boost.JSON into the target: Debian's libboost1.81-dev has it as source only.
# Each library of ours that uses it has its own, for a shared one shows nothing of another's (cmake/exports.map).
function(troupe_compiles_json target)
  target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/boost_json.cpp)
endfunction()
