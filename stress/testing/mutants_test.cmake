# cmake -DCASE=<case> -DREVEILLE=<source> -DTREE=<folder> -DCXX=<compiler>
#       -DGENERATOR=<generator> -P mutants_test.cmake
#
# Builds a copy of the fixture and looks at what becomes of it.
set(fixture ${TREE}/${CASE}/fixture)
set(build ${TREE}/${CASE}/build)
file(REMOVE_RECURSE ${TREE}/${CASE})
file(COPY ${REVEILLE}/stress/testing/mutants/ DESTINATION ${fixture})

macro(configure)
  execute_process(
    COMMAND
      ${CMAKE_COMMAND} -S ${fixture} -B ${build} -G ${GENERATOR}
      -DCMAKE_CXX_COMPILER=${CXX} -DREVEILLE_SOURCE_DIR=${REVEILLE} ${ARGN}
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
endmacro()

macro(configure_well)
  configure(${ARGN})
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "the configuration failed:\n${output}")
  endif()
endmacro()

macro(build)
  execute_process(
    COMMAND ${CMAKE_COMMAND} --build ${build} --target ${ARGN}
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "build of ${ARGN} failed:\n${output}")
  endif()
endmacro()

macro(expect_output program line)
  execute_process(COMMAND ${build}/bin/${program} OUTPUT_VARIABLE output)
  if(NOT output MATCHES "^${line}\n")
    message(FATAL_ERROR "${program}: expected '${line}', printed:\n${output}")
  endif()
endmacro()

macro(expect_refusal)
  if(result EQUAL 0)
    message(FATAL_ERROR "the configuration went on:\n${output}")
  endif()
  # CMake breaks long messages where it likes.
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  foreach(part ${ARGN})
    if(NOT output MATCHES "${part}")
      message(FATAL_ERROR "expected '${part}' in:\n${output}")
    endif()
  endforeach()
endmacro()

if(CASE STREQUAL "MutantsDifferFromTheProductByTheirPatch")
  configure_well()
  build(reveille)
  if(EXISTS ${build}/bin/mutants/in-source/reveille)
    message(FATAL_ERROR "a plain build has built the mutants")
  endif()
  build(mutants)
  expect_output(reveille "product 142")
  expect_output(mutants/in-source/reveille "in-source 141")
  expect_output(mutants/in-header/reveille "in-header 242")
  if(NOT output MATCHES
     "in-source: The answer is one too small, \"because\" of a value that goes on in a second line; with \\(odd\\) characters. \\| Nothing. \\| The answer. \\| 141\n")
    message(FATAL_ERROR "the list of mutants reads:\n${output}")
  endif()
elseif(CASE STREQUAL "ChangeOfTheSchedulerReachesTheMutants")
  configure_well()
  build(mutants)
  file(READ ${fixture}/scheduler/answer.cc text)
  string(REPLACE "return Priv" "return 1000 + Priv" text "${text}")
  file(WRITE ${fixture}/scheduler/answer.cc "${text}")
  build(mutants)
  expect_output(mutants/in-source/reveille "in-source 1141")
elseif(CASE STREQUAL "PatchThatNoLongerAppliesStopsTheConfiguration")
  configure(-DREVEILLE_EXTRA_MUTANTS=${fixture}/stale)
  expect_refusal("Mutant does-not-apply" "does-not-apply.patch no longer applies")
elseif(CASE STREQUAL "PatchWithoutExpectationStopsTheConfiguration")
  configure(-DREVEILLE_EXTRA_MUTANTS=${fixture}/nameless)
  expect_refusal("Mutant no-expectation" "has no line 'Expect: ...'")
elseif(CASE STREQUAL "SecondPatchOfANameStopsTheConfiguration")
  configure(-DREVEILLE_EXTRA_MUTANTS=${fixture}/patches)
  expect_refusal("is the second patch of that name")
else()
  message(FATAL_ERROR "no case '${CASE}'")
endif()
file(REMOVE_RECURSE ${TREE}/${CASE})
