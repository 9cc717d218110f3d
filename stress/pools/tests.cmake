add_executable(stress_pools_test contract_pools.cc pool_contract_test.cc
                                 registry_test.cc)
target_link_libraries(
  stress_pools_test PRIVATE reveille_stress_pools reveille_stress_oracles
                            GTest::gtest_main)
gtest_discover_tests(stress_pools_test TEST_PREFIX stress. DISCOVERY_TIMEOUT 60)

add_test(
  NAME stress.PoolFromOutsideTheTreeIsBuiltIn
  COMMAND
    ${CMAKE_CTEST_COMMAND} --build-and-test
    ${CMAKE_CURRENT_SOURCE_DIR}/testdata/extra_pool_test
    ${CMAKE_CURRENT_BINARY_DIR}/extra_pool_test
    --build-generator ${CMAKE_GENERATOR}
    --build-options
    -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
    -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER}
    -DREVEILLE_EXTRA_POOLS=${CMAKE_CURRENT_SOURCE_DIR}/testdata/extra_pool
    --test-command extra_pool_test)

add_test(NAME stress.BugPoolWithABadNameIsRefused
         COMMAND ${CMAKE_COMMAND} -P
                 ${CMAKE_CURRENT_SOURCE_DIR}/testdata/bad_pool_name.cmake)
set_tests_properties(stress.BugPoolWithABadNameIsRefused
                     PROPERTIES PASS_REGULAR_EXPRESSION "a name is lower case")

add_test(NAME stress.BugPoolWithoutSourcesIsRefused
         COMMAND ${CMAKE_COMMAND} -P
                 ${CMAKE_CURRENT_SOURCE_DIR}/testdata/pool_without_sources.cmake)
set_tests_properties(stress.BugPoolWithoutSourcesIsRefused
                     PROPERTIES PASS_REGULAR_EXPRESSION "SOURCES <file>")
