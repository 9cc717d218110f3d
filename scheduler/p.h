// P: the right to run tasks, with what goes with it: a local run queue, timers
// and free Gs.
//
// I5 Every P is in exactly one place: bound to one M (running); on the idle
//    list; in limbo, in the hands of one thread that is about to bind or idle
//    it; with a task in a BlockingSection; stopped; dead. Nobody else can see a
//    P in limbo, so limbo is kept short and never crosses a safe point.
#ifndef REVEILLE_SCHEDULER_P_H_
#define REVEILLE_SCHEDULER_P_H_

#include <atomic>
#include <cstdint>

#include "reveille/stats.h"
#include "scheduler/counter.h"
#include "scheduler/frame_cache.h"
#include "scheduler/g.h"
#include "scheduler/g_cache.h"
#include "scheduler/run_queue.h"
#include "scheduler/timers.h"

namespace reveille::internal {

struct P {
  explicit P(int p_id) : id(p_id) {}

  const int id;
  std::atomic<PStatus> status{PStatus::kDead};
  std::atomic<M*> m{nullptr};
  std::atomic<bool> on_idle_list{false};
  P* link = nullptr;  // On the idle list; guarded by sched.lock.

  RunQueue runq;
  TimerHeap timers;

  // Asks the running task to yield; cleared with the next time slice.
  std::atomic<bool> preempt{false};
  // ForEachP: this P's turn has not come yet.
  std::atomic<bool> run_safe_point_fn{false};

  // The M that holds the P.
  OwnedCounter ticks;  // schedtick: time slices begun.
  OwnedCounter spawned;
  OwnedCounter finished;
  OwnedCounter steals;
  OwnedCounter stolen_timers;
  std::atomic<uint64_t> block_ticks{0};  // syscalltick; sysmon counts too.
  std::atomic<uint64_t> changes{0};      // Of status.
  uint32_t inherited = 0;      // Runs in a row that came from runnext.
  uint32_t fairness_left = 1;  // Time slices until the others' turn.
  GCache gfree;
  FrameCache frames;
  uint64_t next_id = 0;
  uint64_t end_id = 0;

  // sysmon only.
  struct {
    uint64_t ticks = 0;
    int64_t ticks_ns = 0;
    uint64_t block_ticks = 0;
    int64_t block_ns = 0;
  } seen;

  void SetStatus(PStatus to) {
    status.store(to);
    changes.fetch_add(1);
  }
  bool TrySetStatus(PStatus from, PStatus to) {
    if (!status.compare_exchange_strong(from, to)) return false;
    changes.fetch_add(1);
    return true;
  }
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_P_H_
