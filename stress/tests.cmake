# Unit tests beside each unit; then the whole driver from outside, with broken
# pools and tiny scenarios instead of the real ones.
add_library(reveille_stress_testing STATIC testing/broken_pool.cc)
target_link_libraries(reveille_stress_testing PUBLIC reveille_stress_watch
                                              PRIVATE absl::strings)

add_executable(
  stress_watch_test
  chaos_test.cc histogram_test.cc thread_sample_test.cc wake_clock_test.cc
  watchdog_rules_test.cc watchdog_test.cc report/field_test.cc report/files_test.cc report/finding_test.cc
  report/stacks_test.cc report/build_info.cc)
target_compile_definitions(stress_watch_test
                           PRIVATE ${REVEILLE_DRIVER_DEFINITIONS})
target_link_libraries(stress_watch_test PRIVATE reveille_stress_testing
                                                GTest::gtest_main)
gtest_discover_tests(stress_watch_test TEST_PREFIX stress. DISCOVERY_TIMEOUT 60
                     PROPERTIES TIMEOUT 120)

add_executable(stress_test_driver ${REVEILLE_DRIVER_SOURCES}
                                  testing/register.cc)
target_compile_definitions(stress_test_driver
                           PRIVATE ${REVEILLE_DRIVER_DEFINITIONS})
target_link_libraries(
  stress_test_driver PRIVATE reveille_stress_scenarios reveille_stress_testing
                             reveille_stress_driver)

add_executable(
  stress_driver_test
  driver/cli_test.cc driver/crash_test.cc driver/options_test.cc
  driver/stress_test.cc score/fuzz_lens_test.cc score/score_command_test.cc score/score_test.cc
  testing/run_driver.cc report/build_info.cc
  ${CMAKE_CURRENT_BINARY_DIR}/mutant_list.cc)
target_compile_definitions(
  stress_driver_test
  PRIVATE ${REVEILLE_DRIVER_DEFINITIONS}
          "REVEILLE_TEST_DRIVER=\"$<TARGET_FILE:stress_test_driver>\"")
add_dependencies(stress_driver_test stress_test_driver)
target_link_libraries(
  stress_driver_test PRIVATE reveille_stress_scenarios reveille_stress_driver
                             GTest::gtest_main)
gtest_discover_tests(stress_driver_test TEST_PREFIX stress. DISCOVERY_TIMEOUT 60
                     PROPERTIES TIMEOUT 300)

# The machinery of the mutants, on a scheduler of two functions.
foreach(
  case
  MutantsDifferFromTheProductByTheirPatch ChangeOfTheSchedulerReachesTheMutants
  PatchThatNoLongerAppliesStopsTheConfiguration
  PatchWithoutExpectationStopsTheConfiguration
  SecondPatchOfANameStopsTheConfiguration)
  add_test(
    NAME stress.MutantsTest.${case}
    COMMAND
      ${CMAKE_COMMAND} -DCASE=${case} -DREVEILLE=${PROJECT_SOURCE_DIR}
      -DTREE=${CMAKE_CURRENT_BINARY_DIR}/mutants_test
      -DCXX=${CMAKE_CXX_COMPILER} -DGENERATOR=${CMAKE_GENERATOR} -P
      ${CMAKE_CURRENT_SOURCE_DIR}/testing/mutants_test.cmake)
  set_tests_properties(stress.MutantsTest.${case} PROPERTIES TIMEOUT 300)
endforeach()

# Each patch against the scheduler as it is; and the page that tells of them.
find_program(REVEILLE_PATCH_PROGRAM patch REQUIRED)
file(GLOB patches CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/mutants/*.patch)
foreach(patch IN LISTS patches)
  cmake_path(GET patch STEM LAST_ONLY name)
  add_test(
    NAME stress.MutantsTest.PatchApplies.${name}
    COMMAND ${REVEILLE_PATCH_PROGRAM} -p1 --fuzz=0 --batch --dry-run -i ${patch}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endforeach()
add_test(
  NAME stress.ScoreTest.ReadmeHasTheTableOfTheScore
  COMMAND ${CMAKE_COMMAND} -DDRIVER=$<TARGET_FILE:reveille>
          -DFOLDER=${CMAKE_CURRENT_SOURCE_DIR}/score
          -P ${CMAKE_CURRENT_SOURCE_DIR}/testing/score_readme_test.cmake)
add_test(
  NAME stress.MutantsTest.ReadmeHasARowForEachPatch
  COMMAND
    ${CMAKE_COMMAND} -DFOLDER=${CMAKE_CURRENT_SOURCE_DIR}/mutants -P
    ${CMAKE_CURRENT_SOURCE_DIR}/testing/mutants_readme_test.cmake)
