// The loop of an M, and what happens to a G when it gives way (Go: schedule,
// execute, park_m, goready, goschedImpl, goexit0).

#include "reveille/coroutine.h"
#include "scheduler/check.h"
#include "scheduler/join_state.h"
#include "scheduler/park.h"
#include "scheduler/sched.h"

namespace reveille::internal {
namespace {

std::exception_ptr TakeException(G* g) {
  using RootHandle = std::coroutine_handle<Promise<void>>;
  return RootHandle::from_address(g->root.address()).promise().exception;
}

}  // namespace

void Sched::Schedule(M* m) {
  for (;;) {
    if (m->lockedg != nullptr) {
      StopLockedM(m);
      Execute(m, m->lockedg, /*inherit_time=*/false);
    } else {
      const Found found = FindRunnable(m);
      if (found.g == nullptr) return;
      if (m->spinning.load()) {
        ResetSpinning(m);
      } else if (found.wake || OwesIdleWake(m, found.g)) {
        WakeP();
      }
      m->left_idle_work = false;
      if (found.g->lockedm.load() != nullptr) {
        StartLockedM(m, found.g);
        continue;
      }
      Execute(m, found.g, found.inherit_time);
    }
    if (m->discard_thread && m->lockedg == nullptr) {
      HandOffP(ReleaseP(m));
      return;
    }
  }
}

void Sched::Execute(M* m, G* g, bool inherit_time) {
  P* p = m->p();
  g->Transition(GStatus::kRunnable, GStatus::kRunning);
  m->curg = g;
  m->futile = false;
  if (!inherit_time) p->ticks.Add(1);
  // order: relaxed; a request, and it may come late [W9].
  if (p->preempt.load(std::memory_order_relaxed)) p->preempt.store(false);
  m->Enter(MState::kRunning);
  Record(m, Event::kRun, g->id);
  RunG(m, g);
}

// Runs g until it gives way. A park that its waker forestalled goes on at once.
void Sched::RunG(M* m, G* g) {
  for (;;) {
    if (abandon_.load() && DropG(m, g)) return;
    g->started = true;
    m->after = After::kNothing;
    if (g->root) {
      RunCoroutine(m, g);
    } else {
      RunClosure(m, g);
    }
    switch (m->after) {
      case After::kEnded:
        FinishG(m, g);
        return;
      case After::kYield:
        YieldG(m, g);
        return;
      case After::kPark:
        if (ParkG(m, g)) return;
        break;
      case After::kNothing:
        REVEILLE_CHECK(this, false,
                       "a coroutine suspended on an operation that is not "
                       "Reveille's");
    }
  }
}

void Sched::RunClosure(M* m, G* g) {
  try {
    g->invoke(g, TaskVerb::kRun);
  } catch (...) {
    Fail(g, std::current_exception());
  }
  m->after = After::kEnded;
}

void Sched::RunCoroutine(M* m, G* g) {
  g->resume.resume();
  if (m->after != After::kEnded) return;
  const std::exception_ptr exception = TakeException(g);
  g->root.destroy();
  if (exception) Fail(g, exception);
}

// True: g is parked, and not ours any more.
bool Sched::ParkG(M* m, G* g) {
  const bool idle_priority = g->idle_priority;
  const uint64_t id = g->id;
  Waiter* waiter = m->parking;
  g->Transition(GStatus::kRunning, GStatus::kWaiting);
  m->curg = nullptr;
  m->Enter(MState::kSearching);
  if (!ParkOperationAccess::Commit(waiter)) {
    g->Transition(GStatus::kWaiting, GStatus::kRunning);
    m->curg = g;
    m->Enter(MState::kRunning);
    return false;
  }
  Record(m, Event::kPark, id);
  LeaveIdleWork(m, idle_priority);
  return true;
}

// To the tail of the global queue; and somebody must be woken for it, since
// this M may find other work first (golang/go#55160).
void Sched::YieldG(M* m, G* g) {
  Record(m, Event::kYield, g->id);
  m->curg = nullptr;
  m->Enter(MState::kSearching);
  g->Transition(GStatus::kRunning, GStatus::kRunnable);
  if (g->idle_priority) {
    LeaveIdleWork(m, true);
    PutIdleWork(m, g);
    return;
  }
  lock_.Lock();
  GlobRunqPut(g);
  lock_.Unlock();
  WakeP();
}

void Sched::FinishG(M* m, G* g) {
  Record(m, Event::kFinish, g->id);
  m->curg = nullptr;
  m->Enter(MState::kSearching);
  if (m->lockedg == g) {
    m->lockedg = nullptr;
    g->lockedm.store(nullptr);
  }
  if (g->join != nullptr) std::exchange(g->join, nullptr)->TaskEnded();
  LeaveIdleWork(m, g->idle_priority);
  RecycleG(m, g);
  m->p()->finished.Add(1);
}

// Past the deadline of Shutdown(): g goes no further. False: it is a closure in
// the middle of its run.
bool Sched::DropG(M* m, G* g) {
  if (g->root) {
    if (g->parked_in != nullptr) ParkOperationAccess::Disarm(g->parked_in);
    g->root.destroy();
  } else {
    g->invoke(g, TaskVerb::kDestroy);
  }
  dropped_.fetch_add(1);
  FinishG(m, g);
  return true;
}

void Sched::LeaveIdleWork(M* m, bool idle_priority) {
  if (!idle_priority) return;
  idle_running_.fetch_sub(1);
  m->left_idle_work = true;
}

// This M made room for idle work, and then found better: somebody else may have
// to take the idle work.
bool Sched::OwesIdleWake(M* m, const G* g) const {
  return m->left_idle_work && !g->idle_priority && IdleWorkAvailable();
}

// --- Making runnable ---------------------------------------------------------

void Sched::Submit(G* g) {
  g->Transition(GStatus::kDead, GStatus::kRunnable);
  M* m = CurrentM();
  if (m != nullptr) Record(m, Event::kSpawn, g->id);
  Enqueue(g, /*next=*/true);
}

void Sched::SubmitList(GList* list) {
  GList waiting;
  while (G* g = list->PopFront()) {
    g->Transition(GStatus::kDead, GStatus::kWaiting);
    waiting.PushBack(g);
  }
  InjectGList(&waiting);
}

void Sched::Ready(G* g) {
  g->Transition(GStatus::kWaiting, GStatus::kRunnable);
  M* m = CurrentM();
  if (m != nullptr) Record(m, Event::kReady, g->id);
  Enqueue(g, /*next=*/true);
}

// --- Closures: waiting on the thread itself ----------------------------------

namespace {

// Binds the running G to its thread for as long as it waits there.
class TemporaryLock {
 public:
  TemporaryLock(M* m, G* g) : m_(m), g_(g), held_(m->lockedg == nullptr) {
    if (!held_) return;
    m_->lockedg = g_;
    g_->lockedm.store(m_);
  }
  ~TemporaryLock() {
    if (!held_) return;
    m_->lockedg = nullptr;
    g_->lockedm.store(nullptr);
  }
  TemporaryLock(const TemporaryLock&) = delete;
  TemporaryLock& operator=(const TemporaryLock&) = delete;

 private:
  M* m_;
  G* g_;
  bool held_;
};

}  // namespace

void Sched::BlockOnThread(M* m, Waiter* waiter) {
  G* g = m->curg;
  TemporaryLock lock(m, g);
  Record(m, Event::kPark, g->id);
  m->Enter(MState::kSearching);
  g->Transition(GStatus::kRunning, GStatus::kWaiting);
  if (ParkOperationAccess::Commit(waiter)) {
    LeaveIdleWork(m, g->idle_priority);
    StopLockedM(m);
    m->p()->ticks.Add(1);
    g->Transition(GStatus::kRunnable, GStatus::kRunning);
  } else {
    g->Transition(GStatus::kWaiting, GStatus::kRunning);
  }
  m->Enter(MState::kRunning);
  Record(m, Event::kRun, g->id);
}

void Sched::YieldOnThread(M* m) {
  G* g = m->curg;
  P* p = m->p();
  // Nobody to give way to. Whoever comes next makes his own wake.
  if (p->runq.Empty() && runqsize_.load() == 0 && !gcwaiting_.load() &&
      !p->run_safe_point_fn.load()) {
    return;
  }
  TemporaryLock lock(m, g);
  Record(m, Event::kYield, g->id);
  m->Enter(MState::kSearching);
  g->Transition(GStatus::kRunning, GStatus::kRunnable);
  if (g->idle_priority) {
    LeaveIdleWork(m, true);
    PutIdleWork(m, g);
  } else {
    lock_.Lock();
    GlobRunqPut(g);
    lock_.Unlock();
    WakeP();
  }
  StopLockedM(m);
  m->p()->ticks.Add(1);
  g->Transition(GStatus::kRunnable, GStatus::kRunning);
  m->Enter(MState::kRunning);
  Record(m, Event::kRun, g->id);
}

}  // namespace reveille::internal
