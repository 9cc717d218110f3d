# The twins keep the contract of pools, all of it that their capabilities reach.
cmake_path(SET pools NORMALIZE ${CMAKE_CURRENT_SOURCE_DIR}/../pools)
add_executable(stress_zoo_contract_test contract_pools.cc
                                        ${pools}/pool_contract_test.cc)
target_link_libraries(
  stress_zoo_contract_test PRIVATE reveille_stress_zoo reveille_stress_oracles
                                   GTest::gtest_main)
# As one: a thousand tests of a few milliseconds each.
add_test(NAME stress.ZooTwinsKeepTheContract COMMAND stress_zoo_contract_test
                                                     --gtest_brief=1)

add_executable(stress_zoo_test zoo_test.cc)
target_compile_definitions(
  stress_zoo_test
  PRIVATE "REVEILLE_ZOO_README=\"${CMAKE_CURRENT_SOURCE_DIR}/README.md\"")
target_link_libraries(
  stress_zoo_test PRIVATE reveille_stress_zoo reveille_stress_scenarios
                          reveille_stress_watch GTest::gtest_main)
add_test(NAME stress.ZooOnRealThreads COMMAND stress_zoo_test --gtest_brief=1)
set_tests_properties(stress.ZooTwinsKeepTheContract stress.ZooOnRealThreads
                     PROPERTIES TIMEOUT 300)
