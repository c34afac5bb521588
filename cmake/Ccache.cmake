# Compiles through ccache where it is installed and nobody chose another launcher. Paths below the project's root count as
# relative, so that another clone finds what this one has compiled; ccache is told that the order of a precompiled header's
# macros does not matter.
find_program(TROUPE_CCACHE ccache)
mark_as_advanced(TROUPE_CCACHE)
if(TROUPE_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=1
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CMAKE_CURRENT_LIST_DIR}/compile_cached ${TROUPE_CCACHE})
endif()
