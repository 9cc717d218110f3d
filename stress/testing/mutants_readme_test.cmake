# cmake -DFOLDER=<folder> -P mutants_readme_test.cmake
#
# The table of FOLDER/README.md and the patches beside it name the same mutants.
file(GLOB patches RELATIVE ${FOLDER} ${FOLDER}/*.patch)
list(TRANSFORM patches REPLACE "[.]patch$" "")
file(STRINGS ${FOLDER}/README.md lines REGEX "^[|][^|]*[|] `")
set(rows "")
foreach(line IN LISTS lines)
  string(REGEX REPLACE "^[|][^|]*[|] `([^`]*)`.*" "\\1" name "${line}")
  list(APPEND rows ${name})
endforeach()
list(SORT patches)
list(SORT rows)
if(NOT rows STREQUAL patches)
  message(FATAL_ERROR "patches: ${patches}\nrows: ${rows}")
endif()
