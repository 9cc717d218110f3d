# cmake -DNAME=... -DSOURCE=<scheduler> -DPATCH=<file> -DTREE=<folder>
#       -DPATCH_PROGRAM=... -P stage_mutant.cmake
#
# Makes TREE/scheduler a copy of SOURCE with PATCH applied, exactly or not at
# all. Files that come out as they were keep their time, so that nothing is
# compiled again for them.
set(staging ${TREE}/.staging)
file(REMOVE_RECURSE ${staging})
file(MAKE_DIRECTORY ${staging})
file(COPY ${SOURCE}/ DESTINATION ${staging}/scheduler)
execute_process(
  COMMAND ${PATCH_PROGRAM} -p1 --fuzz=0 --batch --no-backup-if-mismatch -i
          ${PATCH}
  WORKING_DIRECTORY ${staging}
  RESULT_VARIABLE result
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  file(REMOVE_RECURSE ${staging})
  message(FATAL_ERROR "Mutant ${NAME}: ${PATCH} no longer applies to "
                      "${SOURCE}; renew the patch.\n${output}")
endif()

file(GLOB_RECURSE new RELATIVE ${staging} ${staging}/*)
file(GLOB_RECURSE old RELATIVE ${TREE} ${TREE}/scheduler/*)
list(REMOVE_ITEM old "" ${new})
foreach(file IN LISTS old)
  file(REMOVE ${TREE}/${file})
endforeach()
foreach(file IN LISTS new)
  cmake_path(GET file PARENT_PATH folder)
  file(MAKE_DIRECTORY ${TREE}/${folder})
  file(COPY_FILE ${staging}/${file} ${TREE}/${file} ONLY_IF_DIFFERENT)
endforeach()
file(REMOVE_RECURSE ${staging})
file(TOUCH ${TREE}/staged)
