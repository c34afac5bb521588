# lld, where it is installed, links in a third of the time: for the tests' programs, and for all where a sanitizer is on.
# What is measured and what is installed are linked by the compiler's own choice.
find_program(TROUPE_LLD ld.lld)
mark_as_advanced(TROUPE_LLD)
set(TROUPE_FAST_LINK "")
if(TROUPE_LLD)
  set(TROUPE_FAST_LINK -fuse-ld=lld)
endif()
