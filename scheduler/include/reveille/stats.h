// What a scheduler says about itself: the same numbers in production, in the
// trace line and under a judge.
//
// How consistent is it? Each field is read on its own, without stopping
// anybody: a snapshot may mix moments. Every change of any field that a judge
// reads is accompanied by a step of a counter that only grows (PStats::ticks,
// MStats::steps, Stats::events). Hence the double collect: take two snapshots;
// if SameSteps() holds between them, nothing moved from the end of the first
// to the start of the second, and the second is one consistent moment.
#ifndef REVEILLE_STATS_H_
#define REVEILLE_STATS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace reveille {

enum class PStatus : uint8_t {
  kIdle,      // On the idle list, or in the hands of a thread that moves it.
  kRunning,   // Owned by an M that runs tasks or looks for some.
  kBlocking,  // Its task is in a BlockingSection; sysmon may retake it.
  kStopped,   // Stopped for a change of the number of Ps.
  kDead,      // Beyond the present number of Ps.
};

enum class MState : uint8_t {
  kStarting,      // Thread created, has not run yet.
  kSearching,     // Looks for work, or is on its way to sleep.
  kRunning,       // Runs a task.
  kBlocking,      // Its task is in a BlockingSection.
  kPolling,       // Sleeps in epoll_wait, without a P.
  kParked,        // Sleeps on its note, on the idle list.
  kParkedLocked,  // Sleeps until its locked task is handed to it.
  kExited,
};

struct PStats {
  int id = 0;
  PStatus status = PStatus::kIdle;
  bool on_idle_list = false;
  int m = -1;                // The M that owns it, -1: none.
  uint32_t queue = 0;        // Tasks in its ring and its runnext slot.
  uint64_t ticks = 0;        // Tasks started, counted once per time slice.
  uint64_t block_ticks = 0;  // BlockingSections entered.
  uint64_t changes = 0;      // Changes of status.
  uint32_t timers = 0;
  int64_t next_timer_ns = 0;  // On CLOCK_MONOTONIC; 0: none.
};

struct MStats {
  int id = 0;
  int tid = 0;  // The kernel's thread id; 0 until it has run.
  MState state = MState::kStarting;
  bool spinning = false;    // Counted in nmspinning.
  bool handing_on = false;  // Between publishing work and its decision to wake.
  int p = -1;
  uint64_t steps = 0;  // Grows with every change of state.
};

struct Stats {
  int64_t time_ns = 0;  // CLOCK_MONOTONIC, when the snapshot began.
  int procs = 0;
  int npidle = 0;
  int nmspinning = 0;
  bool needspinning = false;
  bool stopping_world = false;
  uint32_t global_queue = 0;
  uint32_t idle_queue = 0;    // Idle-priority tasks that wait.
  uint32_t idle_running = 0;  // Idle-priority tasks that run.
  uint32_t idle_limit = 0;
  int threads = 0;
  int idle_threads = 0;
  int locked_idle_threads = 0;
  bool poller = false;  // Some M sleeps in epoll_wait.
  uint32_t netpoll_waiters = 0;
  int64_t poll_until_ns = 0;
  int64_t outside_next_timer_ns =
      0;  // Earliest timer set by no worker; 0: none.

  // Since creation.
  uint64_t spawned = 0;
  uint64_t finished = 0;
  uint64_t events = 0;         // Grows with each change under sched.lock.
  uint64_t wakes = 0;          // Ms woken or created with a P.
  uint64_t futile_wakes = 0;   // ... that went back without running a task.
  uint64_t futex_wakes = 0;    // System calls to wake an M.
  uint64_t steals = 0;         // Batches taken from another P.
  uint64_t stolen_timers = 0;  // Times another P's due timers were run.
  uint64_t handoffs = 0;
  uint64_t retakes = 0;
  uint64_t preempt_requests = 0;
  uint64_t injected_batches = 0;
  uint64_t netpolls = 0;
  uint64_t netpoll_breaks = 0;
  uint64_t thread_failures = 0;  // Threads that could not be created.

  std::vector<PStats> ps;
  std::vector<MStats> ms;

  // Tasks in any queue that an idle P could run. Idle-priority tasks count
  // only as far as their limit leaves room.
  uint64_t Runnable() const;
  // Ms that are neither asleep nor running a task: each may be about to find
  // what is runnable, so nothing can be held against the scheduler meanwhile.
  int InTransition() const;
  // True when no step was taken between the two snapshots, see above.
  static bool SameSteps(const Stats& a, const Stats& b);
  // The seed's one line, "SCHED 12ms: gomaxprocs=..."; detailed adds a line
  // per P and per M.
  std::string ToTrace(int64_t start_ns, bool detailed) const;
};

const char* ToString(PStatus status);
const char* ToString(MState state);

}  // namespace reveille

#endif  // REVEILLE_STATS_H_
