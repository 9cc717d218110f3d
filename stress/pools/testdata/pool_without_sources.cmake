# Must be refused.
include(${CMAKE_CURRENT_LIST_DIR}/../reveille_pool.cmake)
reveille_pool(mine pool.cc)
