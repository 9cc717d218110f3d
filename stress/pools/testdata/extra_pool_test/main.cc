// Exits with 0 when the pool from outside the tree is there and runs a task.
#include "stress/pools/pool.h"

int main() {
  using reveille::stress::FindPool;
  const auto* const entry = FindPool("thread-per-task");
  if (entry == nullptr || FindPool("reference") == nullptr) return 1;
  auto pool = entry->create({});
  if (!pool.ok()) return 2;
  bool ran = false;
  (*pool)->Submit([&ran] { ran = true; });
  (*pool)->Shutdown(reveille::stress::PoolClock::time_point::max());
  return ran ? 0 : 3;
}
