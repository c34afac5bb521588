# troupe_layer(<name> <files...> [LINK <libraries...>])
#
# One layer of the framework: the object library troupe_<name> from the files of framework/src/<name>. Its sources see
# the public headers as <troupe/...> and the internal ones, their own and earlier layers', as "<layer>/...". LINK names
# what this layer needs beyond the libraries that all layers share. Tests reach internals by linking troupe::internals.
function(troupe_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 layer "" "" LINK)
  set(files ${layer_UNPARSED_ARGUMENTS})
  add_library(troupe_${name} OBJECT ${files})
  target_compile_features(troupe_${name} PUBLIC cxx_std_20)
  set_target_properties(troupe_${name} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_include_directories(troupe_${name}
    PUBLIC ${PROJECT_SOURCE_DIR}/framework/include
    PRIVATE ${PROJECT_SOURCE_DIR}/framework/src)
  # Functions of the same file may be inlined into each other: nobody is to replace one of them alone. Clang does so anyway.
  target_compile_options(troupe_${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>)
  # Calls into other libraries are bound when the program is loaded. Bound by the first call, each would be bound again in
  # every actor that is forked, with a write to a page that it shares until then.
  target_compile_options(troupe_${name} PRIVATE -fno-plt)
  target_link_libraries(troupe_${name}
    PUBLIC Boost::headers cereal::cereal Threads::Threads
    PRIVATE ${layer_LINK})
  troupe_warnings(troupe_${name})
endfunction()
