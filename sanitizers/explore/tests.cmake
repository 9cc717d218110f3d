# Tests of the lens: instrumented like any code under test, run by GoogleTest
# on the real thread.
include(GoogleTest)
find_package(GTest REQUIRED)

function(reveille_explore_test name)
  add_executable(${name} ${ARGN})
  target_compile_options(${name} PRIVATE
    -O1 -Wall -Wextra -Wpedantic -Werror)
  target_link_libraries(${name} PRIVATE
    reveille_explore_flags reveille_explore GTest::gtest GTest::gtest_main)
  gtest_discover_tests(${name} TEST_PREFIX explore. DISCOVERY_TIMEOUT 120
    PROPERTIES TIMEOUT 300 LABELS explore)
endfunction()

reveille_explore_test(explore_test
  arena_test.cc explore_test.cc litmus_test.cc missed_wakeup_test.cc
  oracle_test.cc schedule_test.cc source_text_test.cc spin_test.cc
  strategies/planned_test.cc strategies_test.cc)
reveille_explore_test(explore_intercept_test
  intercept/atomics_test.cc intercept/blocking_test.cc
  intercept/conditions_test.cc intercept/files_test.cc
  intercept/futex_test.cc intercept/mutexes_test.cc
  intercept/threads_test.cc)

reveille_explore_test(explore_campaign_test campaign_test.cc story_test.cc)
target_compile_definitions(explore_campaign_test PRIVATE
  "REVEILLE_STORY_TEST_SOURCE=\"${CMAKE_CURRENT_LIST_DIR}/story_test.cc\"")
