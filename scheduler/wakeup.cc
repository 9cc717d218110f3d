// Waking: who gets going when work has been made runnable, and how an M that
// has none goes to sleep (Go: wakep, startm, stopm, handoffp, injectglist,
// startlockedm, stoplockedm, wakeNetPoller).
//
// What is decided under sched.lock is carried out after it was let go: an M and
// a P that were paired are out of everybody else's reach (a P in limbo), so the
// futex call needs no lock.

#include <algorithm>

#include "scheduler/check.h"
#include "scheduler/hot_path.h"

namespace reveille::internal {

void Sched::WakePAfterStore() {
  // order: seq_cst; "publish, fence, look": the work was published by a release
  // store, which alone does not come before the look on any machine. The mirror
  // is StopSpinning(): "announce, fence, look" [W1].
  std::atomic_thread_fence(std::memory_order_seq_cst);
  WakeP();
}

// Past the two looks of WakeP().
void Sched::WakePSlow() {
  int32_t none = 0;
  if (!nmspinning_.compare_exchange_strong(none, 1)) return;
  M* self = CurrentM();
  lock_.Lock();
  P* p = PIdleGet();
  if (p == nullptr) {
    // Inside the lock: who read our 1 and left must be covered by the
    // needspinning that is set now. And in this order: a searcher that answers
    // needspinning, finds work and hands its duty on must not take our 1, which
    // stands for nobody, for another searcher (README, "The failed waker").
    DecNmSpinning();
    needspinning_.store(1);
    lock_.Unlock();
    if (self != nullptr) Record(self, Event::kWakePNoP);
    return;
  }
  const Start start = StartMLocked(p, /*spinning=*/true);
  lock_.Unlock();
  if (self != nullptr) Record(self, Event::kWakeP);
  FinishStart(self, start);
}

// Pairs p with an idle M, or with one that is reserved here and created after
// the unlock. With spinning, the caller has counted it in nmspinning.
Start Sched::StartMLocked(P* p, bool spinning) {
  REVEILLE_CHECK(this, !spinning || p->runq.Empty(),
                 "I3: a searcher starts without local work");
  M* m = MGet();
  const bool create = m == nullptr;
  if (create) m = ReserveM();
  if (m == nullptr) return PlaceWithoutThread(p, spinning);
  REVEILLE_CHECK(this, m->nextp == nullptr && !m->spinning.load(),
                 "I9: a parked M has no P and does not search");
  m->spinning.store(spinning);
  m->nextp = p;
  wakes_.fetch_add(1);
  events_.fetch_add(1);
  return create ? Start{nullptr, m} : Start{m, nullptr};
}

void Sched::FinishStart(M* self, Start start) {
  if (start.wake != nullptr) {
    if (self != nullptr) {
      Record(self, Event::kStartM, nullptr,
             static_cast<uint32_t>(start.wake->id));
    }
    // The last step. The task may end, and the scheduler with it, before this
    // returns.
    start.wake->park.Wake();
  } else if (start.create != nullptr) {
    if (!CreateThread(start.create)) CreateFailed(start.create);
  }
}

void Sched::StartM(P* p, bool spinning) {
  lock_.Lock();
  const Start start = StartMLocked(p, spinning);
  lock_.Unlock();
  FinishStart(CurrentM(), start);
}

// An M that would sleep although a P found no thread a while ago.
bool Sched::ResumeStarved(M* m) {
  if (!starved_.load()) return false;
  starved_.store(false);
  P* p = PIdleGet();
  if (p == nullptr) return false;
  m->nextp = p;
  return true;
}

// Sleeps without a P until one is handed over, or the scheduler ends.
void Sched::StopM(M* m) {
  REVEILLE_CHECK(this, m->p() == nullptr && !m->spinning.load(),
                 "I9: an M that parks has no P and does not search");
  if (m->futile) futile_wakes_.fetch_add(1);
  m->futile = false;
  Record(m, Event::kStopM);
  lock_.Lock();
  // Tested under the lock that EndThreads() sets it under: it wakes whom it
  // finds on the list, and nobody joins the list afterwards.
  if (exiting_.load()) {
    lock_.Unlock();
    return;
  }
  const bool resumed = ResumeStarved(m);
  if (!resumed) {
    MPut(m);
    m->Enter(MState::kParked);
  }
  lock_.Unlock();
  if (!resumed) {
    if (m->park.Sleep()) futex_wakes_.fetch_add(1);
    m->park.Clear();
    m->Enter(MState::kSearching);
  }
  Record(m, Event::kMWoke);
  if (m->nextp == nullptr) return;  // Woken to end.
  m->futile = true;
  AcquireP(m, std::exchange(m->nextp, nullptr));
  if (resumed) BecomeSpinning(m);
}

bool Sched::NobodyPolls() const {
  return lastpoll_.load() != 0 && netpoll_.waiters.load() != 0 &&
         nmspinning_.load() == 0;
}

// Passes on a P whose M is about to block. Must start an M whenever
// FindRunnable() would return something on p.
void Sched::HandOffP(P* p) {
  handoffs_.fetch_add(1);
  if (!p->runq.Empty() || runqsize_.load() != 0 || IdleWorkAvailable()) {
    StartM(p, /*spinning=*/false);
    return;
  }
  // All other Ps are busy and nobody searches: let p's next M do so.
  int32_t none = 0;
  if (nmspinning_.load() + npidle_.load() == 0 &&
      nmspinning_.compare_exchange_strong(none, 1)) {
    needspinning_.store(0);
    StartM(p, /*spinning=*/true);
    return;
  }
  Start start;
  lock_.Lock();
  const bool started = HandOffPLocked(p, &start);
  lock_.Unlock();
  if (started) {
    FinishStart(CurrentM(), start);
  } else if (const int64_t when = p->timers.MinWhenNs(); when != 0) {
    WakeNetPoller(when);
  }
}

// False: p was stopped or became idle.
bool Sched::HandOffPLocked(P* p, Start* start) {
  if (gcwaiting_.load()) {
    StopPLocked(p);
    return false;
  }
  RunSafePointFnLocked(p);
  if (runqsize_.load() != 0) {
    *start = StartMLocked(p, /*spinning=*/false);
    return true;
  }
  // Go idles its P here without a look: the first hole that is still open.
  if (needspinning_.load() != 0) {
    nmspinning_.fetch_add(1);
    needspinning_.store(0);
    *start = StartMLocked(p, /*spinning=*/true);
    return true;
  }
  PIdlePut(p);
  // After the put: who begins to wait for a descriptor now sees an idle P, and
  // wakes a searcher itself; who began before is seen here [W6].
  if (!NobodyPolls()) return false;
  *start = StartMLocked(PIdleGet(), /*spinning=*/false);
  return true;
}

// A timer that is due at when_ns was added or moved ahead.
void Sched::WakeNetPoller(int64_t when_ns) {
  if (lastpoll_.load() != 0) {
    WakeP();
    return;
  }
  // 0 while somebody polls: he has no deadline, or has not said it yet.
  const int64_t until = poll_until_.load();
  if (until == 0 || until > when_ns) netpoll_.Break();
}

void Sched::NetpollWaiterAdded() {
  // The waiter was counted before these looks; who idles a P looks at the count
  // after it has counted the P as idle [W6].
  if (lastpoll_.load() != 0 && npidle_.load() != 0) WakeP();
}

int64_t Sched::DelayUntil(int64_t when_ns) {
  return when_ns == 0 ? -1 : std::max<int64_t>(when_ns - NowNs(), 0);
}

}  // namespace reveille::internal
