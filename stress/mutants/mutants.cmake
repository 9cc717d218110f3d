# reveille_mutants(FOLDERS <folder>... LIST <file>
#                  DRIVER_SOURCES <file>... DRIVER_DEFINITIONS <definition>...
#                  DRIVER_LIBRARIES <target>...)
#
# For each *.patch in the folders: a copy of the sources of reveille_scheduler
# with the patch applied, and bin/mutants/<name>/reveille linked from it and the
# rest of the driver. If the patch changes sources only, these are compiled, and
# the rest is the product's objects; if it changes a header, everything is that
# may see it, the pools that use the scheduler included. Writes LIST, a source
# that tells the driver which mutants there are. The global property
# REVEILLE_MUTANTS lists their names, and reveille_mutant_<name>_scheduler has
# the sources to be compiled for each (property REVEILLE_REPLACES: those of the
# product that they replace, empty for all), so that another lens can compile
# them again.
#
# A patch has lines "Bug:", "Mirrors:", "Breaks:" and "Expect:" above its diff;
# its paths begin with a/scheduler/ and b/scheduler/. One that does not apply
# stops the configuration, and the build when the scheduler changed since.
set(REVEILLE_STAGE_MUTANT ${CMAKE_CURRENT_LIST_DIR}/stage_mutant.cmake)

function(reveille_mutants)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "LIST"
                        "FOLDERS;DRIVER_SOURCES;DRIVER_DEFINITIONS;DRIVER_LIBRARIES")
  add_custom_target(mutants)
  set(entries "")
  set(names "")
  foreach(folder IN LISTS arg_FOLDERS)
    cmake_path(ABSOLUTE_PATH folder BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
    if(NOT IS_DIRECTORY ${folder})
      message(FATAL_ERROR "REVEILLE_EXTRA_MUTANTS: no folder ${folder}")
    endif()
    file(GLOB patches CONFIGURE_DEPENDS ${folder}/*.patch)
    foreach(patch IN LISTS patches)
      cmake_path(GET patch STEM LAST_ONLY name)
      if(name IN_LIST names)
        message(FATAL_ERROR "Mutant ${name}: ${patch} is the second patch of "
                            "that name")
      endif()
      list(APPEND names ${name})
    endforeach()
    list(APPEND all_patches ${patches})
  endforeach()
  list(SORT all_patches)
  foreach(patch IN LISTS all_patches)
    cmake_path(GET patch STEM LAST_ONLY name)
    reveille_mutant_entry(${name} ${patch} entry)
    string(APPEND entries "${entry}")
    reveille_mutant(${name} ${patch})
  endforeach()
  file(CONFIGURE OUTPUT ${arg_LIST} @ONLY CONTENT [[
// Written by stress/mutants/mutants.cmake.
#include "stress/driver/mutants.h"

namespace reveille::stress {

const std::vector<Mutant>& AllMutants() {
  static const std::vector<Mutant> mutants = {
@entries@  };
  return mutants;
}

}  // namespace reveille::stress
]])
endfunction()

# One line of the table: name and header lines of the patch.
function(reveille_mutant_entry name patch result)
  if(NOT name MATCHES "^[a-z0-9][a-z0-9_-]*$")
    message(FATAL_ERROR "Mutant ${name}: ${patch}: a name is lower case "
                        "letters, digits, '-' and '_'")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${patch})
  file(READ ${patch} text)
  string(REGEX REPLACE "(^|\n)(diff |--- ).*" "\n" header "${text}")
  set(entry "    {\"${name}\"")
  foreach(key Bug Mirrors Breaks Expect)
    # A value may go on in lines that begin with a space.
    if(NOT "\n${header}" MATCHES "\n${key}: *([^\n]+(\n[ \t]+[^\n]+)*)")
      message(FATAL_ERROR "Mutant ${name}: ${patch} has no line '${key}: ...' "
                          "above its diff")
    endif()
    string(REGEX REPLACE "[ \t]*\n[ \t]+" " " value "${CMAKE_MATCH_1}")
    string(APPEND entry ",\n     R\"text(${value})text\"")
  endforeach()
  set(${result} "${entry}},\n" PARENT_SCOPE)
endfunction()

# Sources of a target, absolute.
function(reveille_absolute_sources target result)
  get_target_property(sources ${target} SOURCES)
  get_target_property(folder ${target} SOURCE_DIR)
  set(absolute "")
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${folder} NORMALIZE)
    list(APPEND absolute ${source})
  endforeach()
  set(${result} ${absolute} PARENT_SCOPE)
endfunction()

# Those of `names` that a patch changes; empty if it changes anything else.
function(reveille_patched_sources patch names result)
  file(STRINGS ${patch} lines REGEX "^\\+\\+\\+ b/scheduler/")
  set(changed "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^\\+\\+\\+ b/scheduler/([^ \t]+).*" "\\1" file "${line}")
    if(NOT file IN_LIST names)
      set(${result} "" PARENT_SCOPE)
      return()
    endif()
    list(APPEND changed ${file})
  endforeach()
  set(${result} ${changed} PARENT_SCOPE)
endfunction()

# The copy of the scheduler with the bug. Objects, not an archive: the linker
# would take the product's for whatever it comes to need later.
function(reveille_mutant_scheduler name patch library)
  find_program(REVEILLE_PATCH_PROGRAM patch REQUIRED)
  get_target_property(scheduler reveille_scheduler SOURCE_DIR)
  set(tree ${CMAKE_BINARY_DIR}/mutants/${name})
  set(stage ${CMAKE_COMMAND} -DNAME=${name} -DSOURCE=${scheduler}
            -DPATCH=${patch} -DTREE=${tree}
            -DPATCH_PROGRAM=${REVEILLE_PATCH_PROGRAM} -P
            ${REVEILLE_STAGE_MUTANT})
  execute_process(COMMAND ${stage} COMMAND_ERROR_IS_FATAL ANY)

  reveille_absolute_sources(reveille_scheduler sources)
  set(names "")
  foreach(source IN LISTS sources)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${scheduler})
    list(APPEND names ${source})
  endforeach()
  reveille_patched_sources(${patch} "${names}" replaced)
  set(copies ${replaced})
  if(NOT replaced)
    set(copies ${names})
  endif()
  list(TRANSFORM copies PREPEND ${tree}/scheduler/)
  # Again at build time, when the scheduler has changed since.
  file(GLOB_RECURSE originals CONFIGURE_DEPENDS ${scheduler}/*.h
       ${scheduler}/*.cc)
  add_custom_command(
    OUTPUT ${tree}/staged
    BYPRODUCTS ${copies}
    COMMAND ${stage}
    DEPENDS ${originals} ${patch} ${REVEILLE_STAGE_MUTANT}
    COMMENT "Planting the bug of mutant ${name}"
    VERBATIM)
  add_custom_target(${library}_staged DEPENDS ${tree}/staged)

  add_library(${library} OBJECT EXCLUDE_FROM_ALL ${copies})
  set_target_properties(${library} PROPERTIES REVEILLE_REPLACES "${replaced}")
  add_dependencies(${library} ${library}_staged)
  get_target_property(libraries reveille_scheduler LINK_LIBRARIES)
  if(libraries)
    target_link_libraries(${library} PUBLIC ${libraries})
  endif()
  if(replaced)
    target_link_libraries(${library} PUBLIC reveille_scheduler)
  endif()
  target_include_directories(
    ${library} BEFORE PUBLIC ${tree}/scheduler/include PRIVATE ${tree})
endfunction()

# The objects of a pool: the product's, or, if it may see the change, its sources
# compiled against the copy.
function(reveille_mutant_pool pool mutant scheduler result)
  get_target_property(libraries reveille_pool_${pool} REVEILLE_POOL_LIBRARIES)
  get_target_property(replaced ${scheduler} REVEILLE_REPLACES)
  if(replaced OR NOT libraries MATCHES
                 "(^|;)(Reveille::|reveille_)scheduler(;|$)")
    set(${result} reveille_pool_${pool} ${libraries} PARENT_SCOPE)
    return()
  endif()
  list(REMOVE_ITEM libraries Reveille::scheduler reveille_scheduler)
  reveille_absolute_sources(reveille_pool_${pool} sources)
  set(target reveille_mutant_${mutant}_pool_${pool})
  add_library(${target} OBJECT EXCLUDE_FROM_ALL ${sources})
  target_link_libraries(${target} PUBLIC ${scheduler}
                                         reveille_stress_pool_contract
                                         ${libraries})
  set(${result} ${target} ${libraries} PARENT_SCOPE)
endfunction()

# Reads arg_DRIVER_... of reveille_mutants().
function(reveille_mutant name patch)
  set(target reveille_mutant_${name})
  reveille_mutant_scheduler(${name} ${patch} ${target}_scheduler)
  add_executable(${target} ${arg_DRIVER_SOURCES})
  target_compile_definitions(${target} PRIVATE ${arg_DRIVER_DEFINITIONS}
                                               "REVEILLE_MUTANT=\"${name}\"")
  get_property(pools GLOBAL PROPERTY REVEILLE_POOLS)
  foreach(pool IN LISTS pools)
    reveille_mutant_pool(${pool} ${name} ${target}_scheduler objects)
    target_link_libraries(${target} PRIVATE ${objects})
  endforeach()
  target_link_libraries(${target} PRIVATE ${arg_DRIVER_LIBRARIES}
                                          ${target}_scheduler)
  # A link, since a second output of the name would take the product's place in
  # "ninja reveille".
  set(folder ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/mutants/${name})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${folder})
  add_custom_command(
    TARGET ${target}
    POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E create_symlink ${target} ${folder}/reveille
    VERBATIM)
  if(NOT REVEILLE_BUILD_MUTANTS)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  add_dependencies(mutants ${target})
  set_property(GLOBAL APPEND PROPERTY REVEILLE_MUTANTS ${name})
endfunction()
