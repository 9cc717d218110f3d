# cmake -DDRIVER=<reveille> -DFOLDER=<folder> -P score_readme_test.cmake
#
# The tables in FOLDER/README.md are those that the scores in FOLDER give.
set(scores score measured rescuers strategies threads tsan)
list(TRANSFORM scores PREPEND stress/score/)
list(TRANSFORM scores APPEND .json)
list(JOIN scores "," scores)
execute_process(COMMAND ${DRIVER} score --markdown=${scores}
                WORKING_DIRECTORY ${FOLDER}/../..
                OUTPUT_VARIABLE table RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "no table: exit ${status}")
endif()
file(READ ${FOLDER}/README.md readme)
set(wanted "<!-- score: begin -->\n\n${table}\n<!-- score: end -->\n")
string(FIND "${readme}" "${wanted}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "the table is another one; make it again with\n"
                      "  reveille score --markdown=${scores} "
                      "--into=stress/score/README.md")
endif()
