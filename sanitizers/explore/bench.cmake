# What an execution costs: objects for bin/explore_bench, which whoever has pools
# to explore links with benchmarks of those (stress/explore).
find_package(benchmark QUIET GLOBAL)
if(benchmark_FOUND)
  add_library(reveille_explore_bench OBJECT explore_bench.cc)
  target_compile_options(reveille_explore_bench PRIVATE
    -O2 -Wall -Wextra -Wpedantic -Werror)
  target_link_libraries(reveille_explore_bench PUBLIC
    reveille_explore_flags reveille_explore benchmark::benchmark)
  if(PROJECT_IS_TOP_LEVEL AND PROJECT_SOURCE_DIR STREQUAL CMAKE_CURRENT_LIST_DIR)
    add_executable(explore_bench $<TARGET_OBJECTS:reveille_explore_bench>)
    target_link_libraries(explore_bench PRIVATE
      reveille_explore benchmark::benchmark_main)
  endif()
endif()
