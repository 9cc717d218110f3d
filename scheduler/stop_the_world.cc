// Stop-the-world, the change of the number of Ps, and safe points (Go:
// stopTheWorldWithSema, startTheWorldWithSema, procresize, gcstopm, forEachP).
//
// Whoever stops the world has no P: called from a task, it gives its own up
// first (a BlockingSection). Running tasks stop at their next safe point: their
// end, a yield, a wait, a blocking section.

#include <algorithm>

#include "scheduler/check.h"
#include "scheduler/hot_path.h"

namespace reveille::internal {

absl::Status Sched::SetMaxProcs(int procs) {
  if (procs < 1 || procs > Options::kMaxProcs) {
    return absl::InvalidArgumentError(
        "SetMaxProcs: procs = " + std::to_string(procs) + ", expected 1.." +
        std::to_string(Options::kMaxProcs));
  }
  BlockingSection without_p(BlockingSection::Expect::kLong);
  MutexLock lock(&resize_mutex_);
  if (procs == procs_.load() || exiting_.load()) return absl::OkStatus();
  StopTheWorld();
  StartTheWorld(procs);
  return absl::OkStatus();
}

void Sched::StopTheWorld() {
  stopnote_.Clear();
  lock_.Lock();
  stopwait_ = procs_.load();
  gcwaiting_.store(true);
  const int n = procs_.load();
  for (int i = 0; i < n; ++i) {
    P* p = allp_[i];
    p->preempt.store(true);
    // A P whose task blocks is stopped here; the task finds it gone. The flag
    // was set before, see EnterBlocking() [W7].
    if (p->TrySetStatus(PStatus::kBlocking, PStatus::kStopped)) {
      p->block_ticks.fetch_add(1);
      --stopwait_;
    }
  }
  while (P* p = PIdleGet()) {
    p->SetStatus(PStatus::kStopped);
    --stopwait_;
  }
  const bool wait = stopwait_ > 0;
  lock_.Unlock();
  if (wait) stopnote_.Sleep();
}

// p is in limbo; the last one to stop wakes the stopper.
void Sched::StopPLocked(P* p) {
  p->SetStatus(PStatus::kStopped);
  if (--stopwait_ == 0) stopnote_.Wake();
}

void Sched::GcStopM(M* m) {
  lock_.Lock();
  if (!gcwaiting_.load()) {
    // Started again before we came to it; a searcher goes on searching.
    lock_.Unlock();
    return;
  }
  if (m->spinning.load()) {
    // No last look here: StartTheWorld() wakes a searcher in our place.
    m->spinning.store(false);
    DecNmSpinning();
  }
  Record(m, Event::kGcStopM);
  StopPLocked(ReleaseP(m));
  lock_.Unlock();
  StopM(m);
}

void Sched::StartTheWorld(int procs) {
  std::vector<Start> starts;
  lock_.Lock();
  gcwaiting_.store(false);
  // Whoever asked for a searcher meanwhile gets the one at the end; the Ps that
  // idle now may do so.
  needspinning_.store(0);
  P* with_work = ProcResize(procs);
  while (with_work != nullptr) {
    P* p = std::exchange(with_work, with_work->link);
    p->link = nullptr;
    starts.push_back(StartMLocked(p, /*spinning=*/false));
  }
  lock_.Unlock();
  M* self = CurrentM();
  for (const Start& start : starts) FinishStart(self, start);
  WakeP();
}

// All Ps are stopped. Returns those that have local work; the rest idles.
P* Sched::ProcResize(int procs) {
  for (int i = ps_created_.load(); i < procs; ++i) {
    allp_[i] = new P(i);
    ps_created_.store(i + 1);
  }
  const int old = procs_.load();
  for (int i = procs; i < old; ++i) RetireP(allp_[i]);
  procs_.store(procs);
  if (options_.idle_work_limit == 0) {
    idle_limit_.store(static_cast<uint32_t>(std::max(1, procs / 4)));
  }
  P* with_work = nullptr;
  for (int i = procs - 1; i >= 0; --i) {
    P* p = allp_[i];
    p->SetStatus(PStatus::kIdle);
    p->preempt.store(false);
    if (p->runq.Empty()) {
      PIdlePut(p);
    } else {
      p->link = with_work;
      with_work = p;
    }
  }
  return with_work;
}

// Its tasks go to the global queue, its timers to the first P.
void Sched::RetireP(P* p) {
  bool inherit;
  while (G* g = p->runq.Get(&inherit)) GlobRunqPut(g);
  if (p->timers.size() != 0) {
    p->timers.MoveAllTo(&allp_[0]->timers);
    timerp_mask_.Set(0);
  }
  timerp_mask_.Clear(p->id);
  idlep_mask_.Clear(p->id);
  FlushFreeGs(&p->gfree);
  p->frames.Clear();
  p->SetStatus(PStatus::kDead);
}

// --- Safe points
// ---------------------------------------------------------------

void Sched::ForEachP(const std::function<void(P*)>& fn) {
  BlockingSection without_p(BlockingSection::Expect::kLong);
  MutexLock lock(&resize_mutex_);
  if (exiting_.load()) return;
  safe_point_note_.Clear();
  lock_.Lock();
  safe_point_fn_ = &fn;
  const int n = procs_.load();
  safe_point_wait_ = n;
  // All flags before any look at a status [W7].
  for (int i = 0; i < n; ++i) allp_[i]->run_safe_point_fn.store(true);
  for (P* p = pidle_; p != nullptr; p = p->link) RunSafePointFnLocked(p);
  const bool idle_done = safe_point_wait_ == 0;
  lock_.Unlock();
  for (int i = 0; i < n; ++i) {
    P* p = allp_[i];
    p->preempt.store(true);
    // HandOffP() runs it for a P that was taken from a blocked task.
    if (p->run_safe_point_fn.load() &&
        p->TrySetStatus(PStatus::kBlocking, PStatus::kIdle)) {
      p->block_ticks.fetch_add(1);
      HandOffP(p);
    }
  }
  if (!idle_done) safe_point_note_.Sleep();
}

void Sched::RunSafePointFn(P* p) {
  MutexLock lock(&lock_);
  RunSafePointFnLocked(p);
}

void Sched::RunSafePointFnLocked(P* p) {
  if (!p->run_safe_point_fn.exchange(false)) return;
  (*safe_point_fn_)(p);
  if (--safe_point_wait_ == 0) safe_point_note_.Wake();
}

}  // namespace reveille::internal
