# The whole driver from outside, with broken pools beside the real ones.
reveille_lens_objects(
  reveille_lens_testing SOURCES ${folder}/testing/broken_pool.cc
                                ${folder}/testing/register.cc ${folder}/thread_sample.cc)
add_executable(explore_test_driver main.cc)
target_link_libraries(explore_test_driver PRIVATE reveille_lens_testing)
reveille_lens_link(explore_test_driver "")

add_executable(explore_driver_test explore_driver_test.cc
                                   ${folder}/testing/run_driver.cc)
target_compile_definitions(
  explore_driver_test
  PRIVATE "REVEILLE_TEST_DRIVER=\"$<TARGET_FILE:explore_test_driver>\""
          "REVEILLE_OLD_SCHEDULE=\"${folder}/regressions/judge-armed-due.schedule\"")
add_dependencies(explore_driver_test explore_test_driver)
target_link_libraries(explore_driver_test PRIVATE reveille_stress_watch
                                                  GTest::gtest_main)
gtest_discover_tests(explore_driver_test TEST_PREFIX stress. DISCOVERY_TIMEOUT 60
                     PROPERTIES TIMEOUT 120 LABELS explore)

# What was found and mended stays so (stress/regressions/README.md).
file(GLOB regressions CONFIGURE_DEPENDS ${folder}/regressions/*.schedule)
foreach(schedule IN LISTS regressions)
  cmake_path(GET schedule STEM name)
  file(STRINGS ${schedule} program REGEX "^label ")
  string(REGEX REPLACE "^label " "" program "${program}")
  separate_arguments(program UNIX_COMMAND "${program}")
  add_test(NAME stress.regression.${name}
           COMMAND reveille_explore_driver replay --any-build ${schedule})
  add_test(NAME stress.regression.${name}.searched
           COMMAND reveille_explore_driver explore ${program} --schedules=3000
                   --out=${CMAKE_CURRENT_BINARY_DIR}/regressions/${name})
  set_tests_properties(stress.regression.${name}
                       stress.regression.${name}.searched
                       PROPERTIES LABELS explore TIMEOUT 120)
endforeach()
