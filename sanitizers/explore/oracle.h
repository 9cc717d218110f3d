// What the code under test promises, beyond not getting stuck.
//
// The ledger counts tasks, reported by the code under test through explore.h.
// An embedding program may add an Oracle of its own. Both are asked on the
// exploring kernel thread while no thread of the code under test runs.
#ifndef REVEILLE_SANITIZERS_EXPLORE_ORACLE_H_
#define REVEILLE_SANITIZERS_EXPLORE_ORACLE_H_

#include <stdint.h>

#include "verdict.h"

namespace reveille::explore {

// Tasks with identities 0 .. kMostTasks-1.
inline constexpr uint32_t kMostTasks = 4096;

struct Ledger {
  uint32_t workers = 0;
  uint32_t submitted = 0;
  uint32_t started = 0;
  uint32_t finished = 0;
  bool rescue_noted = false;  // time leapt while a worker idled beside work
  uint8_t starts[kMostTasks] = {};
  uint32_t highest = 0;  // tasks from here on are untouched

  uint32_t running() const { return started - finished; }
  bool HasIdleWorkerAndWork() const {
    return workers != 0 && submitted > started && running() < workers;
  }
  void Reset();
};

// How the embedding program answers at quiescence.
struct Judgement {
  Verdict verdict = Verdict::kClean;
  const char* message = "";
};

class Oracle {
 public:
  virtual ~Oracle() = default;

  // Nothing can run; next, time leaps or the execution ends. The state of the
  // code under test may be read but not changed. A verdict other than kClean
  // ends the execution.
  virtual Judgement AtQuiescence() = 0;

  // Nothing will ever run again although threads are left. kClean: call it
  // what it looks like from outside, a deadlock or a livelock.
  virtual Judgement WhenStuck() { return {}; }

  // All threads ended and nothing was wrong so far.
  virtual Judgement AtEnd() = 0;

  // Which worker of its pool (a P) the thread stands for at the moment; -1:
  // none. Asked before every step of an execution that is being told, between
  // any two operations of the code under test, so it must not take locks.
  // `thread` is its number, as in messages; gettid() gives it 1000 more.
  virtual int WorkerOf([[maybe_unused]] int thread) { return -1; }

  // What the state of the code under test comes to, as few different values as
  // still tell apart what matters; 0: nothing to tell. Asked when the running
  // thread changes while states are counted, so it must not take locks.
  virtual uint64_t State() { return 0; }
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_ORACLE_H_
