// The idle Ps and Ms, and the two numbers that decide whether a submitter must
// wake somebody: nmspinning and needspinning.
//
// The rule that closes the seed's race and the two that Go still has: every
// site that moves a P to idle looks at needspinning in the same critical
// section, and every submitter that finds no idle P sets it there. So
//   I8  needspinning == 1 implies npidle == 0 whenever sched.lock is free,
// and therefore a submitter that reads needspinning == 1 may leave: whoever
// idles a P later becomes a searcher instead.

#include "scheduler/check.h"
#include "scheduler/hot_path.h"

namespace reveille::internal {

void Sched::PIdlePut(P* p) {
  REVEILLE_CHECK(this, p->runq.Empty(), "I4: an idle P has an empty queue");
  REVEILLE_CHECK(this, needspinning_.load() == 0,
                 "I8: no P becomes idle while a searcher is asked for");
  REVEILLE_DCHECK(this, p->status.load() == PStatus::kIdle, "I5: P in limbo");
  if (p->timers.size() == 0) timerp_mask_.Clear(p->id);
  idlep_mask_.Set(p->id);
  p->on_idle_list.store(true);
  p->link = pidle_;
  pidle_ = p;
  npidle_.fetch_add(1);
  events_.fetch_add(1);
  REVEILLE_DCHECK(this, npidle_.load() == idlep_mask_.Count(),
                  "I6: npidle == popcount(idlepMask)");
  if (drainers_.load() != 0) NotifyDrain();
}

P* Sched::PIdleGet() {
  P* p = pidle_;
  if (p == nullptr) return nullptr;
  if (npidle_.load() == procs_.load()) WakeSysmon();
  pidle_ = p->link;
  p->link = nullptr;
  p->on_idle_list.store(false);
  // Before it can get timers: who looks for timers must look here.
  timerp_mask_.Set(p->id);
  idlep_mask_.Clear(p->id);
  npidle_.fetch_sub(1);
  events_.fetch_add(1);
  return p;
}

// For callers that have work they cannot place, or owe somebody a searcher.
P* Sched::PIdleGetSpinning() {
  P* p = PIdleGet();
  // A P may be on its way to idle, in the hands of an M that has not seen our
  // work. It will take this lock, and find this flag.
  if (p == nullptr) needspinning_.store(1);
  return p;
}

void Sched::MPut(M* m) {
  m->schedlink = midle_;
  midle_ = m;
  nmidle_.fetch_add(1);
  events_.fetch_add(1);
}

M* Sched::MGet() {
  M* m = midle_;
  if (m == nullptr) return nullptr;
  midle_ = m->schedlink;
  m->schedlink = nullptr;
  nmidle_.fetch_sub(1);
  return m;
}

void Sched::BecomeSpinning(M* m) {
  m->spinning.store(true);
  nmspinning_.fetch_add(1);
  // After the increment: a submitter that reads 0 here reads the increment, or
  // did its own search for a P before us.
  needspinning_.store(0);
  Record(m, Event::kBecomeSpinning);
}

void Sched::DecNmSpinning() {
  const int32_t before = nmspinning_.fetch_sub(1);
  REVEILLE_CHECK(this, before > 0, "I2: nmspinning >= 0");
}

void Sched::StopSpinning(M* m) {
  Record(m, Event::kStopSpinning);
  m->spinning.store(false);
  DecNmSpinning();
  // order: seq_cst; the mirror of WakePAfterStore(): "I no longer search" comes
  // before the last look at all queues [W2].
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

// On every exit of a searcher with work: there may be more work than this, and
// then the searcher's duty passes on. Go wakes a successor without a look, and
// so wakes two threads for each task that comes to an idle pool. The look is
// the same as that of a searcher without work: after the decrement, at
// everything.
void Sched::ResetSpinning(M* m) {
  REVEILLE_CHECK(this, m->spinning.load(), "I2: only a searcher resets");
  Record(m, Event::kResetSpinning);
  m->spinning.store(false);
  DecNmSpinning();
  // order: seq_cst; the mirror of WakePAfterStore(), as in StopSpinning() [W2].
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (SearcherWanted()) WakeP();
}

// Whether a submitter may have left because we searched: is there anything that
// an idle P could do?
bool Sched::SearcherWanted() const {
  if (runqsize_.load() != 0 || IdleWorkAvailable()) return true;
  const int n = procs_.load();
  for (int i = 0; i < n; ++i) {
    if (!idlep_mask_.Read(i) && !allp_[i]->runq.Empty()) return true;
  }
  return PollerWanted();
}

// Whether descriptors or timers wait that nobody sleeps for.
bool Sched::PollerWanted() const {
  const int64_t earliest = CheckTimersNoP(0);
  if (lastpoll_.load() != 0) {
    return earliest != 0 || netpoll_.waiters.load() != 0;
  }
  // Somebody polls, but perhaps for longer.
  const int64_t until = poll_until_.load();
  return earliest != 0 && (until == 0 || until > earliest);
}

void Sched::AcquireP(M* m, P* p) {
  REVEILLE_CHECK(this, m->p() == nullptr && p->m.load() == nullptr,
                 "I5: a P has one owner");
  REVEILLE_CHECK(this, p->TrySetStatus(PStatus::kIdle, PStatus::kRunning),
                 "I5: only a P in limbo is acquired");
  p->m.store(m);
  m->p_word.store(p);
  m->steps.Add(1);
}

P* Sched::ReleaseP(M* m) {
  P* p = m->p();
  REVEILLE_CHECK(this, p != nullptr && p->m.load() == m,
                 "I5: only its owner releases a P");
  m->p_word.store(nullptr);
  p->m.store(nullptr);
  REVEILLE_CHECK(this, p->TrySetStatus(PStatus::kRunning, PStatus::kIdle),
                 "I5: a bound P is running");
  m->steps.Add(1);
  return p;
}

void Sched::WakeSysmon() {
  if (sysmonwait_.load()) {
    sysmonwait_.store(false);
    sysmonnote_.Wake();
  }
}

}  // namespace reveille::internal
