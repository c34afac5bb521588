# What `cmake --install` puts below the prefix: libraries, headers, the troupe command, what find_package(troupe) and
# pkg-config read, and the documents. Nothing in it names a folder of this machine, so the prefix can be moved.
option(TROUPE_INSTALL "Install the library with the project" ${PROJECT_IS_TOP_LEVEL})
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(troupe_cmake_folder ${CMAKE_INSTALL_LIBDIR}/cmake/troupe)

# troupe_installed(<target>): this folder's library, troupe or troupe_<name>, is installed with the headers in its include/
# and is troupe::troupe or troupe::<name> to those who find the package. A compiled one may be static or shared, as
# BUILD_SHARED_LIBS says; a shared one shows only what is in namespace troupe.
function(troupe_installed target)
  string(REGEX REPLACE "^troupe_" "" name ${target})
  get_target_property(type ${target} TYPE)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  if(type STREQUAL "SHARED_LIBRARY")
    # Until 1.0 each minor version is an interface of its own.
    set(exports ${PROJECT_SOURCE_DIR}/cmake/exports.map)
    set_target_properties(${target} PROPERTIES
      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
      INSTALL_RPATH "$ORIGIN" LINK_DEPENDS ${exports})
    target_link_options(${target} PRIVATE LINKER:--version-script=${exports} LINKER:--no-undefined)
  elseif(type STREQUAL "STATIC_LIBRARY")
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)  # it may become part of a plug-in
  endif()
  if(NOT TROUPE_INSTALL)
    return()
  endif()
  install(TARGETS ${target} EXPORT troupe)
  if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include)
    install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
  endif()
endfunction()

# troupe_pkg_config(<name> <what it is> <libraries> <packages it needs>): <name>.pc, with paths relative to itself.
function(troupe_pkg_config name description libraries requires)
  set(folder ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${folder} OUTPUT_VARIABLE up)
  set(pc_prefix "\${pcfiledir}/${up}")
  foreach(kind LIBDIR INCLUDEDIR)
    cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_${kind} BASE_DIRECTORY "\${prefix}" OUTPUT_VARIABLE pc_${kind})
    if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_${kind}}")
      set(pc_${kind} "\${prefix}/${CMAKE_INSTALL_${kind}}")
    endif()
  endforeach()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/package.pc.in ${PROJECT_BINARY_DIR}/pkgconfig/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/pkgconfig/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# troupe_install_package(): what belongs to the whole; to be called once every folder has had its turn.
function(troupe_install_package)
  if(NOT TROUPE_INSTALL)
    return()
  endif()
  install(EXPORT troupe NAMESPACE troupe:: DESTINATION ${troupe_cmake_folder} FILE troupe-targets.cmake)
  configure_package_config_file(cmake/troupe-config.cmake.in ${PROJECT_BINARY_DIR}/troupe-config.cmake
    INSTALL_DESTINATION ${troupe_cmake_folder} NO_SET_AND_CHECK_MACRO)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/troupe-config-version.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/troupe-config.cmake ${PROJECT_BINARY_DIR}/troupe-config-version.cmake
    DESTINATION ${troupe_cmake_folder})

  troupe_pkg_config(troupe "${PROJECT_DESCRIPTION}" -ltroupe "")
  get_target_property(ready_made troupe_actors INTERFACE_LINK_LIBRARIES)
  list(FILTER ready_made INCLUDE REGEX "^troupe_")
  foreach(target IN LISTS ready_made)  # those that are headers only are part of troupe.pc
    get_target_property(type ${target} TYPE)
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
      string(REPLACE "troupe_" "" name ${target})
      troupe_pkg_config(troupe-${name} "Ready-made actors: ${name}" -l${target} troupe)
    endif()
  endforeach()
  if(TARGET troupe_node)
    troupe_pkg_config(troupe-caf "Process actors beside the C++ Actor Framework" "-ltroupe_caf -lcaf_core" troupe)
    troupe_pkg_config(troupe-node "Actors on other nodes, by the C++ Actor Framework"
      "-ltroupe_node -lcaf_openssl -lcaf_io -lcaf_core -lssl -lcrypto" troupe)
    install(FILES cmake/FindCAF.cmake DESTINATION ${troupe_cmake_folder})
  endif()
  if(TARGET troupe_launcher)
    set(launcher_needs troupe-topology)
    if(TARGET troupe_node)
      string(APPEND launcher_needs ", troupe-node")
    endif()
    troupe_pkg_config(troupe-launcher "A command line for programs that run topologies" -ltroupe_launcher
      "${launcher_needs}")
  endif()

  install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
  install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN Doxyfile EXCLUDE)
endfunction()
