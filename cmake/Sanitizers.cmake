# TROUPE_SANITIZER: what to instrument the whole build with.
#   address   AddressSanitizer and UndefinedBehaviorSanitizer
#   brief     as address, without what takes a third of the time to compile: pointers that are null, misaligned, or not to
#             an object of their type
#   thread    ThreadSanitizer
set(TROUPE_SANITIZER "" CACHE STRING "Sanitizer to build with: empty, address, brief or thread")
set_property(CACHE TROUPE_SANITIZER PROPERTY STRINGS "" address brief thread)

if(TROUPE_SANITIZER STREQUAL "address" OR TROUPE_SANITIZER STREQUAL "brief")
  set(flags -fsanitize=address,undefined -fno-sanitize-recover=all -O0)  # -O1 takes half as long again to compile
  if(TROUPE_SANITIZER STREQUAL "brief")
    list(APPEND flags -fno-sanitize=null,alignment,vptr)
  endif()
  # A program of these has a million relocations where it may lie anywhere: half of the time of a short test.
  add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-no-pie>)
elseif(TROUPE_SANITIZER STREQUAL "thread")
  # Fences pair with those of other processes here, which the sanitizer does not see anyway.
  set(flags -fsanitize=thread -O1 $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
elseif(TROUPE_SANITIZER)
  message(FATAL_ERROR "TROUPE_SANITIZER is '${TROUPE_SANITIZER}'; it may be empty, address, brief or thread")
endif()

if(TROUPE_SANITIZER)
  # GCC 12 sees uninitialised values where the instrumentation split an object: no use as a warning here.
  add_compile_options(${flags} -g1 -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_link_options(${flags} ${TROUPE_FAST_LINK})
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
