// Blocking sections (Go: entersyscall, entersyscallblock, exitsyscall).
//
// While its task blocks, the P stays with it in the status kBlocking, and
// whoever moves it out of that status by CAS owns it: the returning M (back to
// running), sysmon (hand-off) or whoever stops the world. Go replaced this CAS
// by a lock on the G in 2025; for a task that cannot be moved it buys nothing.

#include "reveille/blocking_section.h"
#include "scheduler/check.h"
#include "scheduler/hot_path.h"

namespace reveille {

BlockingSection::BlockingSection(Expect expect) : entered_(false) {
  internal::M* m = internal::CurrentM();
  if (m == nullptr || m->curg == nullptr) return;
  entered_ = true;
  if (m->blocking_depth++ == 0) {
    m->sched->EnterBlocking(m, expect == Expect::kLong);
  }
}

BlockingSection::~BlockingSection() {
  if (!entered_) return;
  internal::M* m = internal::CurrentM();
  if (--m->blocking_depth == 0) m->sched->ExitBlocking(m);
}

namespace internal {

void Sched::EnterBlocking(M* m, bool expect_long) {
  P* p = m->p();
  Record(m, Event::kBlockEnter, m->curg);
  m->curg->Transition(GStatus::kRunning, GStatus::kBlocking);
  p->block_ticks.fetch_add(1);
  m->oldp = p;
  // Without sysmon's retake nobody would come for the P.
  if (expect_long || !options_.sysmon_retake) {
    HandOffP(ReleaseP(m));
    m->Enter(MState::kBlocking);
    return;
  }
  m->p_word.store(nullptr);
  p->m.store(nullptr);
  m->Enter(MState::kBlocking);
  p->SetStatus(PStatus::kBlocking);
  // From here on p may be gone. The status was stored before these looks, and
  // is read after the flags were set: one side sees the other [W7].
  if (gcwaiting_.load() || p->run_safe_point_fn.load()) {
    EnterBlockingStopped(p);
  }
}

// The world is being stopped, or a safe point is wanted, and our P might have
// been overlooked: give it up ourselves.
void Sched::EnterBlockingStopped(P* p) {
  if (!p->TrySetStatus(PStatus::kBlocking, PStatus::kIdle)) return;
  HandOffP(p);
}

void Sched::ExitBlocking(M* m) {
  if (!ExitBlockingFast(m)) ExitBlockingSlow(m);
  m->curg->Transition(GStatus::kBlocking, GStatus::kRunning);
  m->Enter(MState::kRunning);
  Record(m, Event::kBlockExit, m->curg);
}

// The old P is still there, perhaps with another blocked task: then it is that
// task that will find it gone.
bool Sched::ExitBlockingFast(M* m) {
  P* p = m->oldp;
  if (!p->TrySetStatus(PStatus::kBlocking, PStatus::kRunning)) return false;
  p->block_ticks.fetch_add(1);
  p->m.store(m);
  m->p_word.store(p);
  return true;
}

// One critical section takes an idle P or, when there is none, publishes the
// task: locked to this thread, which waits until somebody who has a P dequeues
// the task and hands his P over. Go uses the plain getter here and so leaves
// needspinning alone: the second hole that is still open.
void Sched::ExitBlockingSlow(M* m) {
  G* g = m->curg;
  m->Enter(MState::kSearching);
  const bool was_locked = m->lockedg != nullptr;
  lock_.Lock();
  P* p = PIdleGetSpinning();
  if (p == nullptr) {
    if (!was_locked) {
      m->lockedg = g;
      g->LockTo(m);
    }
    // The queue holds runnable Gs; ours goes back to blocking when it is ours
    // again.
    g->Transition(GStatus::kBlocking, GStatus::kRunnable);
    GlobRunqPut(g);
  }
  lock_.Unlock();
  if (p != nullptr) {
    AcquireP(m, p);
    return;
  }
  ParkLocked(m);
  g->Transition(GStatus::kRunnable, GStatus::kBlocking);
  BeginSlice(m->p());
  if (!was_locked) {
    m->lockedg = nullptr;
    g->LockTo(nullptr);
  }
}

}  // namespace internal
}  // namespace reveille
