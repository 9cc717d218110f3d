// Gate: closed until somebody opens it. Who waits sleeps in the kernel, as a
// task in a blocking section does.
#ifndef REVEILLE_STRESS_SCENARIOS_GATE_H_
#define REVEILLE_STRESS_SCENARIOS_GATE_H_

#include <atomic>
#include <cstdint>

#include "stress/oracles/futex.h"

namespace reveille::stress {

class Gate {
 public:
  void Open() {
    open_.store(1);
    FutexWakeAll(&open_);
  }
  void Await() {
    while (open_.load() == 0) FutexWait(&open_, 0);
  }

 private:
  std::atomic<uint32_t> open_{0};
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_GATE_H_
