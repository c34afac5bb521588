option(TROUPE_WERROR "Treat warnings in our own sources as errors" OFF)

# troupe_warnings(<target>): our warnings for the target's own sources; never handed on to those who link it.
# Clang counts sign conversions under -Wconversion and GCC does not; one meaning for both.
function(troupe_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
    $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion>
    $<$<BOOL:${TROUPE_WERROR}>:-Werror>)
endfunction()
