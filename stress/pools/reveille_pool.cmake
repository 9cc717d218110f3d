# reveille_pool(<name> SOURCES <file>... [LIBRARIES <target>...])
#
# Compiles a pool under the common contract and links it into everything that
# links reveille_stress_pools. The sources register it:
#   REVEILLE_POOL("<name>", factory);   // stress/pools/pool.h
#
# What it was called with stays readable, so that another lens can compile the
# same pool with flags of its own: the global property REVEILLE_POOLS lists the
# names, the target reveille_pool_<name> has absolute SOURCES, and its property
# REVEILLE_POOL_LIBRARIES the libraries.
function(reveille_pool name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  if(NOT name MATCHES "^[a-z][a-z0-9_-]*$")
    message(FATAL_ERROR "reveille_pool(${name}): a name is lower case letters, "
                        "digits, '-' and '_'")
  endif()
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "reveille_pool(${name}): expected "
                        "<name> SOURCES <file>... [LIBRARIES <target>...]")
  endif()

  set(sources "")
  foreach(source IN LISTS arg_SOURCES)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
               NORMALIZE)
    list(APPEND sources ${source})
  endforeach()

  set(target reveille_pool_${name})
  add_library(${target} OBJECT ${sources})
  target_link_libraries(${target} PUBLIC reveille_stress_pool_contract
                                         ${arg_LIBRARIES})
  set_target_properties(${target} PROPERTIES REVEILLE_POOL_LIBRARIES
                                             "${arg_LIBRARIES}")
  # The objects themselves, not an archive of them: nothing refers to a pool by
  # symbol, so the linker would leave its registration out.
  target_sources(reveille_stress_pools INTERFACE $<TARGET_OBJECTS:${target}>)
  target_link_libraries(reveille_stress_pools INTERFACE ${arg_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY REVEILLE_POOLS ${name})
endfunction()
