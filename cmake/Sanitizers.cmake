# TROUPE_SANITIZER: what to instrument the whole build with.
#   address   AddressSanitizer and UndefinedBehaviorSanitizer
#   thread    ThreadSanitizer
set(TROUPE_SANITIZER "" CACHE STRING "Sanitizer to build with: empty, address or thread")
set_property(CACHE TROUPE_SANITIZER PROPERTY STRINGS "" address thread)

if(TROUPE_SANITIZER STREQUAL "address")
  set(flags -fsanitize=address,undefined -fno-sanitize-recover=all -O0)  # -O1 takes half as long again to compile
elseif(TROUPE_SANITIZER STREQUAL "thread")
  # Fences pair with those of other processes here, which the sanitizer does not see anyway.
  set(flags -fsanitize=thread -O1 $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
elseif(TROUPE_SANITIZER)
  message(FATAL_ERROR "TROUPE_SANITIZER is '${TROUPE_SANITIZER}'; it may be empty, address or thread")
endif()

if(TROUPE_SANITIZER)
  # GCC 12 sees uninitialised values where the instrumentation split an object: no use as a warning here.
  add_compile_options(${flags} -g1 -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_link_options(${flags})
  unset(flags)
endif()

if(TROUPE_BUILD_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "TROUPE_BUILD_FUZZERS needs clang: libFuzzer is a part of it (cmake --preset fuzz)")
  endif()
  set(flags -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_compile_options(${flags})
  add_link_options(-fsanitize=address,undefined)
  unset(flags)
endif()
