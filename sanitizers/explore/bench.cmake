# explore_bench: what an execution costs.
find_package(benchmark QUIET)
if(benchmark_FOUND)
  add_executable(explore_bench explore_bench.cc)
  target_compile_options(explore_bench PRIVATE
    -O2 -Wall -Wextra -Wpedantic -Werror)
  target_link_libraries(explore_bench PRIVATE
    reveille_explore_flags reveille_explore benchmark::benchmark)
endif()
