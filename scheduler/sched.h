// Sched: the shared state of one scheduler and the protocol on it. The names
// are those of the Go runtime (proc.go); README.md maps them, and proves why no
// P sleeps on runnable work.
//
// The methods lie in one file for each noun:
//   idle.cc  wakeup.cc  locked_m.cc  inject.cc  find_runnable.cc  schedule.cc
//   blocking.cc threads.cc  stop_the_world.cc  sysmon.cc  life.cc  records.cc
//   stats.cc
//
// Locks, outermost first: resize_mutex_, lock_ ("sched.lock"), a TimerHeap, a
// PollDesc. Those of sync.h come before all of these.
#ifndef REVEILLE_SCHEDULER_SCHED_H_
#define REVEILLE_SCHEDULER_SCHED_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "reveille/internal/mutex.h"
#include "reveille/options.h"
#include "reveille/scheduler.h"
#include "reveille/stats.h"
#include "scheduler/flight_recorder.h"
#include "scheduler/g.h"
#include "scheduler/g_cache.h"
#include "scheduler/g_slab.h"
#include "scheduler/global_queue.h"
#include "scheduler/m.h"
#include "scheduler/netpoll.h"
#include "scheduler/note.h"
#include "scheduler/p.h"
#include "scheduler/p_mask.h"

namespace reveille::internal {

// Ps and Ms that were paired under sched.lock, to be set going after it was let
// go: the decision is atomic, the system call is not under the lock.
struct Start {
  M* wake = nullptr;    // Sleeps on its note.
  M* create = nullptr;  // Reserved, has no thread yet.
};

// What FindRunnable() found.
struct Found {
  G* g = nullptr;  // Null: the scheduler ends.
  bool inherit_time = false;
  // The finder owes a WakeP() although it does not spin: it has left the poller
  // role, which somebody has to take over.
  bool wake = false;
};

class Sched {
 public:
  explicit Sched(const Options& options);
  ~Sched();

  // --- life.cc ---
  absl::Status Begin();
  absl::Status Drain(int64_t deadline_ns);
  Scheduler::ShutdownReport Shutdown(int64_t deadline_ns);
  // Outsiders are refused once Shutdown() has begun, tasks past its deadline.
  bool AcceptsFrom(const M* m) const;

  // --- records.cc: the Gs themselves ---
  // A record that is nobody's yet.
  G* NewG(M* m);
  // Tasks are counted before they are submitted; and back when refused.
  void CountSpawned(M* m, uint32_t n);
  void CountReturned(uint32_t n);
  void RecycleG(M* m, G* g);
  // The task's id, given when somebody first asks.
  uint64_t IdOf(G* g);
  // For a record that never became a task.
  void ReturnUnused(G* g);
  // Gives what the P's cache holds back to the common store.
  void FlushFreeGs(GCache* gfree);
  void ReleaseMemory();

  // --- schedule.cc ---
  void Submit(M* m, G* g);  // A new G. Any thread; m is CurrentM().
  void SubmitList(GList* list);
  void Ready(G* g);     // A parked G whose Waiter was claimed. Any thread.
  void Schedule(M* m);  // The loop of an M; returns when the thread ends.
  // The calling task waits on its thread (a closure; Go: a locked M).
  void BlockOnThread(M* m, Waiter* waiter);
  void YieldOnThread(M* m);

  // --- blocking.cc ---
  void EnterBlocking(M* m, bool expect_long);
  void ExitBlocking(M* m);

  // --- stop_the_world.cc ---
  absl::Status SetMaxProcs(int procs);
  // Runs fn once for each P at a safe point of that P. Not from a task.
  void ForEachP(const std::function<void(P*)>& fn);

  // --- wakeup.cc ---
  // Published by a sequentially consistent read-modify-write, or not at all
  // when the caller merely owes a wake.
  void WakeP();
  // Published by plain release stores: the fence is in here [W1].
  void WakePAfterStore();
  void InjectGList(GList* list);
  void WakeNetPoller(int64_t when_ns);

  // --- timers and netpoll, for wait.cc ---
  void AddTimer(TimerNode* node, int64_t when_ns);
  bool ModifyTimer(TimerNode* node, int64_t when_ns);
  // Someone has begun to wait for a descriptor: is there a poller?
  void NetpollWaiterAdded();
  int CloseFd(int fd);
  Netpoll& netpoll() { return netpoll_; }

  // --- stats.cc ---
  Stats GetStats() const;
  std::string Trace(bool detailed) const;
  std::string DumpFlightRecorder() const;
  void EnableFlightRecorder(bool on) { recording_.store(on); }

  int procs() const { return procs_.load(); }

  void Record(M* m, Event event, G* g = nullptr, uint32_t arg = 0) {
    // order: relaxed; a switch, it orders nothing [W11].
    if (__builtin_expect(recording_.load(std::memory_order_relaxed), 0)) {
      m->ring.Record(event, m->p() == nullptr ? -1 : m->p()->id,
                     g == nullptr ? 0 : IdOf(g), arg);
    }
  }

 private:
  // --- idle.cc ---
  void PIdlePut(P* p) REVEILLE_REQUIRES(lock_);
  P* PIdleGet() REVEILLE_REQUIRES(lock_);
  P* PIdleGetSpinning() REVEILLE_REQUIRES(lock_);
  void MPut(M* m) REVEILLE_REQUIRES(lock_);
  M* MGet() REVEILLE_REQUIRES(lock_);
  void BecomeSpinning(M* m);
  void StopSpinning(M* m);   // nmspinning-1 without work: rechecks follow.
  void ResetSpinning(M* m);  // nmspinning-1 with work: WakeP follows.
  void DecNmSpinning();
  bool SearcherWanted() const;
  bool PollerWanted() const;
  void AcquireP(M* m, P* p);
  P* ReleaseP(M* m);
  void WakeSysmon() REVEILLE_REQUIRES(lock_);

  // --- wakeup.cc ---
  void WakePSlow();
  Start StartMLocked(P* p, bool spinning) REVEILLE_REQUIRES(lock_);
  Start StartSearcherLocked() REVEILLE_REQUIRES(lock_);
  void FinishStart(M* self, Start start);
  void StartM(P* p, bool spinning);
  void StopM(M* m);
  void HandOffP(P* p);
  bool HandOffPLocked(P* p, Start* start) REVEILLE_REQUIRES(lock_);
  bool ResumeStarved(M* m) REVEILLE_REQUIRES(lock_);

  // --- locked_m.cc ---
  void StartLockedM(M* m, G* g);
  void StopLockedM(M* m);
  void ParkLocked(M* m);
  void PassOnPolling();
  void PushLocked(M* m) REVEILLE_REQUIRES(lock_);
  void RemoveLocked(M* m) REVEILLE_REQUIRES(lock_);
  void GiveToLockedM(M* m, P* p) REVEILLE_REQUIRES(lock_);
  void WakeLockedM(M* m) REVEILLE_REQUIRES(lock_);
  void AskLockedM() REVEILLE_REQUIRES(lock_);
  bool ShouldServe() const REVEILLE_REQUIRES(lock_);
  void ServeOnce();
  void FireAllTimers(GList* fired);
  void PlaceStarved();
  Start PlaceWithoutThread(P* p, bool spinning) REVEILLE_REQUIRES(lock_);
  G* ExtractLocked() REVEILLE_REQUIRES(lock_);

  // --- wakeup.cc ---
  static int64_t DelayUntil(int64_t when_ns);
  bool NobodyPolls() const;

  // --- inject.cc ---
  void RunqPut(P* p, G* g, bool next);
  void RunqPutList(P* p, GList* list);
  void RunqSpill(P* p, G* g);
  void GlobRunqPut(G* g) REVEILLE_REQUIRES(lock_);
  void GlobRunqPutList(GList* list) REVEILLE_REQUIRES(lock_);
  // Takes a fair share, at most max (0: no limit); the first is returned, the
  // rest goes to p's ring.
  G* GlobRunqGet(P* p, uint32_t max) REVEILLE_REQUIRES(lock_);
  void InjectOne(G* g);
  void InjectWithoutP(GList* list);
  void InjectWithP(M* m, GList* list);
  void TakePsFor(uint32_t n, std::vector<Start>* starts)
      REVEILLE_REQUIRES(lock_);
  void Enqueue(M* m, G* g);
  void PutIdleWork(M* m, G* g);

  // --- find_runnable.cc ---
  Found FindRunnable(M* m);
  void LeaveForGood(M* m);
  bool FindFast(M* m, Found* found);  // hot_path.h, with all that it calls
  bool GetLocal(P* p, Found* found);
  bool FindWithP(M* m, Found* found, int64_t* poll_until);
  bool FindLocal(P* p, Found* found);
  bool FindGlobal(M* m, P* p, Found* found);
  bool FindByPolling(M* m, Found* found);
  bool PollOnce(GList* list, uint32_t* delta);
  void PollAndInject();
  G* TakeFirst(M* m, GList* list);
  bool FindBySearching(M* m, Found* found, int64_t* poll_until);
  bool FindIdleWork(M* m, Found* found);
  enum class Dropped { kNo, kFound, kYes };
  Dropped DropP(M* m, Found* found);
  bool RecheckNoP(M* m, Found* found, int64_t* poll_until);
  bool RecheckGlobal(M* m, Found* found);
  P* CheckRunqsNoP();
  int64_t CheckTimersNoP(int64_t poll_until) const;
  bool CheckIdleWorkNoP(M* m, Found* found);
  bool PollNoP(M* m, Found* found, int64_t poll_until);
  bool LeavePoll(M* m, Found* found, GList* list, uint32_t delta);
  G* StealWork(M* m, int64_t* now, int64_t* poll_until, bool* ran_timer);
  G* StealFrom(M* m, P* victim, bool last_pass, int64_t* now,
               int64_t* poll_until, bool* ran_timer);
  bool AnythingToSteal(const P* self) const;
  bool Linger(M* m, Found* found);
  bool LingerFor(M* m, int rounds, Found* found);
  // Runs the due timers of heap; true when one ran.
  bool CheckTimers(M* m, TimerHeap* heap, int64_t* now, int64_t* poll_until);
  bool IdleWorkAvailable() const;
  G* TakeIdleWork() REVEILLE_REQUIRES(lock_);

  // --- schedule.cc ---
  void Execute(M* m, G* g, bool inherit_time);
  void RunG(M* m, G* g);
  void RunClosure(M* m, G* g);
  void RunCoroutine(M* m, G* g);
  bool ParkG(M* m, G* g);
  void YieldG(M* m, G* g);
  void FinishG(M* m, G* g);
  bool DropG(M* m, G* g);
  void Fail(G* g, std::exception_ptr exception);
  void CleanUp(G* g);
  [[noreturn]] void SuspendedOnForeign(G* g);
  void BeginSlice(P* p);
  bool NobodyToYieldTo(M* m);
  void LeaveIdleWork(M* m, bool idle_priority);
  bool OwesIdleWake(M* m, const G* g) const;

  // --- blocking.cc ---
  void EnterBlockingStopped(P* p);
  bool ExitBlockingFast(M* m);
  void ExitBlockingSlow(M* m);

  // --- threads.cc ---
  M* ReserveM() REVEILLE_REQUIRES(lock_);
  bool CreateThread(M* m);
  void CreateFailed(M* m);
  static void* ThreadMain(void* m);
  void LeaveSlot(M* m) REVEILLE_REQUIRES(lock_);
  void MExit(M* m);
  void ReplaceThread(const M* left);
  bool SearcherHasThread() const;
  void JoinThreads();

  // --- stop_the_world.cc ---
  void StopTheWorld();
  void StartTheWorld(int procs);
  P* ProcResize(int procs) REVEILLE_REQUIRES(lock_);
  void RetireP(P* p) REVEILLE_REQUIRES(lock_);
  void GcStopM(M* m);
  void StopPLocked(P* p) REVEILLE_REQUIRES(lock_);
  void RunSafePointFn(P* p);
  void RunSafePointFnLocked(P* p) REVEILLE_REQUIRES(lock_);

  // --- sysmon.cc ---
  void Sysmon();
  bool SysmonSleep(int64_t* delay_ns, int* idle_rounds);
  bool SysmonNetpoll(int64_t now);
  bool Retake(int64_t now);
  bool RetakeBlocked(P* p, int64_t now);
  void PreemptLong(P* p, int64_t now);
  bool NeedsSysmon() const;

  // --- life.cc ---
  bool AllFinished() const;
  bool AwaitFinished(int64_t deadline_ns);
  void NotifyDrain();
  void AwaitEnd(int64_t deadline_ns) REVEILLE_REQUIRES(shutdown_mutex_);
  void CancelAll();
  void EndThreads();
  int DropTimers();
  std::vector<Scheduler::Unfinished> ListUnfinished();

  // --- stats.cc ---
  void FillPs(Stats* stats) const;
  void FillMs(Stats* stats) const;
  void FillCounters(Stats* stats) const;

  const Options options_;
  const int64_t start_ns_;

  // "sched.lock".
  mutable Mutex lock_;
  P* pidle_ REVEILLE_GUARDED_BY(lock_) = nullptr;
  M* midle_ REVEILLE_GUARDED_BY(lock_) = nullptr;
  M* mlocked_ REVEILLE_GUARDED_BY(lock_) = nullptr;  // Wait for their Gs.
  bool locked_m_serves_ REVEILLE_GUARDED_BY(lock_) = false;
  GlobalQueue runq_ REVEILLE_GUARDED_BY(lock_);
  GlobalQueue idle_work_ REVEILLE_GUARDED_BY(lock_);

  // Written under lock_, read without it as hints.
  std::atomic<int32_t> npidle_{0};
  std::atomic<int32_t> nmidle_{0};
  std::atomic<int32_t> nmidlelocked_{0};
  std::atomic<uint32_t> runqsize_{0};
  std::atomic<uint32_t> idle_work_size_{0};
  PMask idlep_mask_;
  PMask timerp_mask_;

  // The heart of the protocol. needspinning is set only under lock_, and only
  // while no P is idle; every P that becomes idle looks at it in the same
  // section (I8).
  alignas(64) std::atomic<int32_t> nmspinning_{0};
  std::atomic<uint32_t> needspinning_{0};

  // Netpoll. lastpoll 0: an M sleeps in Poll().
  alignas(64) std::atomic<int64_t> lastpoll_{1};
  std::atomic<int64_t> poll_until_{0};
  std::atomic<bool> polling_net_{false};
  Netpoll netpoll_;
  TimerHeap outside_timers_;  // Of threads without a P.

  std::atomic<uint32_t> idle_running_{0};
  std::atomic<uint32_t> idle_limit_{1};

  // Ps and Ms are created once and live as long as the scheduler, so that a
  // thread without a P may look at any of them. An entry is written before the
  // count that covers it, and never again: who has read the count, or procs_,
  // reads the entries below it like constants. The rest is not initialised.
  std::atomic<int> procs_{0};
  std::atomic<int> ps_created_{0};
  std::unique_ptr<P*[]> allp_;
  std::atomic<int> ms_created_{0};
  std::unique_ptr<M*[]> allm_;
  std::vector<M*> free_ms_ REVEILLE_GUARDED_BY(lock_);
  std::atomic<int> nthreads_{0};
  std::atomic<bool> starved_{false};  // A P found no thread.

  // Stop-the-world and safe points.
  Mutex resize_mutex_;
  std::atomic<bool> gcwaiting_{false};
  int stopwait_ REVEILLE_GUARDED_BY(lock_) = 0;
  Note stopnote_;
  const std::function<void(P*)>* safe_point_fn_ = nullptr;
  int safe_point_wait_ REVEILLE_GUARDED_BY(lock_) = 0;
  Note safe_point_note_;

  // sysmon.
  std::atomic<bool> sysmonwait_{false};
  Note sysmonnote_;
  bool has_sysmon_ = false;
  pthread_t sysmon_thread_{};
  std::atomic<bool> sysmon_ends_{false};

  // Life.
  std::atomic<bool> closing_{false};  // Outsiders are refused.
  std::atomic<bool> abandon_{false};  // What has not begun is dropped.
  std::atomic<bool> exiting_{false};  // Threads end. Set under lock_.
  std::atomic<uint32_t> drainers_{0};
  std::atomic<uint32_t> drain_epoch_{0};
  std::atomic<uint32_t> exit_epoch_{0};
  Mutex shutdown_mutex_;
  bool shut_down_ REVEILLE_GUARDED_BY(shutdown_mutex_) = false;
  Scheduler::ShutdownReport report_ REVEILLE_GUARDED_BY(shutdown_mutex_);

  // Records. Outsiders take theirs from one of a few shards.
  struct alignas(64) Shard {
    Mutex mutex;
    GCache gfree REVEILLE_GUARDED_BY(mutex);
    std::atomic<uint64_t> spawned{0};
  };
  static constexpr int kShards = 8;
  G* NewGOutside();
  void CountSpawnedOutside(uint32_t n);
  void SpillFree(GCache* gfree);
  bool HasP(const M* m) const;
  Shard* CurrentShard();
  void Refill(GCache* gfree);
  void GrowGs(GCache* gfree) REVEILLE_REQUIRES(records_mutex_);
  void PutFree(GCache* gfree, G* g);
  void FreeWholeSlabs() REVEILLE_REQUIRES(records_mutex_);
  Shard shards_[kShards];
  std::atomic<uint32_t> shards_used_{0};  // A bit for each that counts.
  // Tasks, ever. Both only grow; what was returned is in Spawned() as well.
  uint64_t Spawned() const;
  uint64_t Finished() const;
  mutable Mutex records_mutex_;
  std::vector<GCache::Half> gfree_ REVEILLE_GUARDED_BY(records_mutex_);
  std::vector<std::unique_ptr<GSlab>> slabs_
      REVEILLE_GUARDED_BY(records_mutex_);
  // The one that is not full, if there is one; all others are.
  GSlab* growing_ REVEILLE_GUARDED_BY(records_mutex_) = nullptr;
  std::atomic<uint64_t> next_id_{1};

  // Counters.
  std::atomic<uint64_t> returned_{0};  // Counted as spawned, and refused.
  std::atomic<uint64_t> dropped_{0};
  std::atomic<uint64_t> events_{0};
  std::atomic<uint64_t> wakes_{0};
  std::atomic<uint64_t> futile_wakes_{0};
  std::atomic<uint64_t> futex_wakes_{0};
  std::atomic<uint64_t> handoffs_{0};
  std::atomic<uint64_t> retakes_{0};
  std::atomic<uint64_t> preempt_requests_{0};
  std::atomic<uint64_t> injected_batches_{0};
  std::atomic<uint64_t> netpolls_{0};
  std::atomic<uint64_t> thread_failures_{0};
  std::atomic<bool> recording_{false};
  TscClock tsc_clock_;
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_SCHED_H_
