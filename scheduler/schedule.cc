// The loop of an M, and what happens to a G when it gives way (Go: schedule,
// execute, park_m, goready, goschedImpl, goexit0).

#include <cinttypes>
#include <cstdio>
#include <utility>

#include "reveille/coroutine.h"
#include "scheduler/check.h"
#include "scheduler/hot_path.h"
#include "scheduler/join_state.h"
#include "scheduler/park.h"

namespace reveille::internal {
namespace {

Promise<void>& RootPromise(G* g) {
  using RootHandle = std::coroutine_handle<Promise<void>>;
  return RootHandle::from_address(g->root.address()).promise();
}

// Destroys the outermost coroutine of g and all that it awaits. Innermost
// first: what a coroutine refers to outlives it. To destroy the outermost alone
// would do the same, with a stack as deep as the chain.
void DestroyChain(G* g) {
  // On the way in, each link is turned round, to find the way back.
  PromiseBase* outer = nullptr;
  PromiseBase* at = &RootPromise(g);
  while (at->awaited != nullptr) {
    outer = std::exchange(at, std::exchange(at->awaited, outer));
  }
  while (outer != nullptr) {
    FrameOwner* owner = at->owner;
    at = std::exchange(outer, outer->awaited);
    owner->Destroy();
  }
  g->root.destroy();
}

}  // namespace

void Sched::Schedule(M* m) {
  for (;;) {
    if (m->lockedg != nullptr) {
      StopLockedM(m);
      Execute(m, m->lockedg, /*inherit_time=*/false);
    } else {
      Found found;
      if (!FindFast(m, &found)) found = FindRunnable(m);
      if (found.g == nullptr) return;
      if (m->spinning.load()) {
        ResetSpinning(m);
      } else if (found.wake || OwesIdleWake(m, found.g)) {
        WakeP();
      }
      m->left_idle_work = false;
      if (found.g->locked) {
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
  if (!inherit_time) BeginSlice(p);
  m->Enter(MState::kRunning);
  Record(m, Event::kRun, g);
  RunG(m, g);
}

// Runs g until it gives way. A park that its waker forestalled goes on at once.
void Sched::RunG(M* m, G* g) {
  for (;;) {
    if (abandon_.load() && DropG(m, g)) return;
    m->after = After::kNothing;
    if (g->coroutine) {
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
        SuspendedOnForeign(g);
    }
  }
}

void Sched::SuspendedOnForeign(G* g) {
  std::fprintf(stderr,
               "reveille: task %" PRIu64
               " \"%s\" suspended on an operation "
               "that is not Reveille's\n",
               IdOf(g), NameOf(g));
  CheckFailed(this, __FILE__, __LINE__, "after != kNothing",
              "a G that nobody can find again");
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
  const std::exception_ptr exception = RootPromise(g).exception;
  g->root.destroy();
  if (exception) Fail(g, exception);
}

// True: g is parked, and not ours any more.
bool Sched::ParkG(M* m, G* g) {
  const bool idle_priority = g->idle_priority;
  Waiter* waiter = m->parking;
  g->Transition(GStatus::kRunning, GStatus::kWaiting);
  m->curg = nullptr;
  m->Enter(MState::kSearching);
  Record(m, Event::kPark, g);
  if (!ParkOperationAccess::Commit(waiter)) {
    g->Transition(GStatus::kWaiting, GStatus::kRunning);
    m->curg = g;
    m->Enter(MState::kRunning);
    return false;
  }
  LeaveIdleWork(m, idle_priority);
  return true;
}

// To the tail of the global queue; and somebody must be woken for it, since
// this M may find other work first (golang/go#55160).
void Sched::YieldG(M* m, G* g) {
  Record(m, Event::kYield, g);
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

// Stays in the state kRunning: the M holds its P, and either runs the next G at
// once or says in FindRunnable() that it searches.
void Sched::FinishG(M* m, G* g) {
  Record(m, Event::kFinish, g);
  m->curg = nullptr;
  if (m->lockedg == g) m->lockedg = nullptr;
  if (g->extended && g->join != nullptr) {
    std::exchange(g->join, nullptr)->TaskEnded();
  }
  LeaveIdleWork(m, g->idle_priority);
  RecycleG(m, g);
  m->p()->finished.Add(1);
}

// Past the deadline of Shutdown(): g goes no further. False: it is a closure in
// the middle of its run.
bool Sched::DropG(M* m, G* g) {
  if (g->coroutine) {
    if (g->parked_in != nullptr) ParkOperationAccess::Disarm(g->parked_in);
    DestroyChain(g);
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

void Sched::Submit(M* m, G* g) {
  g->Transition(GStatus::kDead, GStatus::kRunnable);
  if (m != nullptr) Record(m, Event::kSpawn, g);
  Enqueue(m, g);
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
  if (m != nullptr) Record(m, Event::kReady, g);
  Enqueue(m, g);
}

// --- Closures: waiting on the thread itself ----------------------------------

namespace {

// Binds the running G to its thread for as long as it waits there.
class TemporaryLock {
 public:
  TemporaryLock(M* m, G* g) : m_(m), g_(g), held_(m->lockedg == nullptr) {
    if (!held_) return;
    m_->lockedg = g_;
    g_->LockTo(m_);
  }
  ~TemporaryLock() {
    if (!held_) return;
    m_->lockedg = nullptr;
    g_->LockTo(nullptr);
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
  Record(m, Event::kPark, g);
  m->Enter(MState::kSearching);
  g->Transition(GStatus::kRunning, GStatus::kWaiting);
  if (ParkOperationAccess::Commit(waiter)) {
    LeaveIdleWork(m, g->idle_priority);
    StopLockedM(m);
    BeginSlice(m->p());
    g->Transition(GStatus::kRunnable, GStatus::kRunning);
  } else {
    g->Transition(GStatus::kWaiting, GStatus::kRunning);
  }
  m->Enter(MState::kRunning);
  Record(m, Event::kRun, g);
}

// Serves what is due on this P first, as any yield does.
bool Sched::NobodyToYieldTo(M* m) {
  P* p = m->p();
  int64_t now = 0;
  int64_t until = 0;
  CheckTimers(m, &p->timers, &now, &until);
  CheckTimers(m, &outside_timers_, &now, &until);
  PollAndInject();
  return p->runq.Empty() && runqsize_.load() == 0 && !gcwaiting_.load() &&
         !p->run_safe_point_fn.load();
}

void Sched::YieldOnThread(M* m) {
  // Whoever comes later makes his own wake.
  if (NobodyToYieldTo(m)) {
    BeginSlice(m->p());
    return;
  }
  G* g = m->curg;
  TemporaryLock lock(m, g);
  Record(m, Event::kYield, g);
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
  BeginSlice(m->p());
  g->Transition(GStatus::kRunnable, GStatus::kRunning);
  m->Enter(MState::kRunning);
  Record(m, Event::kRun, g);
}

}  // namespace reveille::internal
