// Waking: who gets going when work has been made runnable, and how an M that
// has none goes to sleep (Go: wakep, startm, stopm, handoffp, injectglist,
// startlockedm, stoplockedm, wakeNetPoller).
//
// What is decided under sched.lock is carried out after it was let go: an M and
// a P that were paired are out of everybody else's reach (a P in limbo), so the
// futex call needs no lock.

#include <algorithm>

#include "scheduler/check.h"
#include "scheduler/sched.h"

namespace reveille::internal {

void Sched::WakePAfterStore() {
  // order: seq_cst; "publish, fence, look": the work was published by a release
  // store, which alone does not come before the look on any machine. The mirror
  // is StopSpinning(): "announce, fence, look" [W1].
  std::atomic_thread_fence(std::memory_order_seq_cst);
  WakeP();
}

void Sched::WakeP() {
  // One searcher is enough, for it wakes the next when it finds work. And if a
  // searcher is asked for already, nobody can idle a P without becoming it.
  if (nmspinning_.load() != 0 || needspinning_.load() != 0) return;
  int32_t none = 0;
  if (!nmspinning_.compare_exchange_strong(none, 1)) return;
  M* self = CurrentM();
  lock_.Lock();
  P* p = PIdleGetSpinning();
  if (p == nullptr) {
    // Inside the lock: who read our 1 and left must be covered by the
    // needspinning that is set now.
    DecNmSpinning();
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
    WakeM(start.wake);
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

// No thread is to be had for p. A locked G needs none: its thread sleeps. Else
// the P idles, its work goes where any M finds it, and the next M that comes
// back, sysmon, or the next submission tries again. Nothing is lost.
Start Sched::PlaceWithoutThread(P* p, bool spinning) {
  if (spinning) DecNmSpinning();
  bool inherit;
  while (G* g = p->runq.Get(&inherit)) GlobRunqPut(g);
  if (gcwaiting_.load()) {
    StopPLocked(p);
    return Start{};
  }
  RunSafePointFnLocked(p);
  if (G* locked = ExtractLocked(); locked != nullptr) {
    M* m = locked->lockedm.load();
    m->nextp = p;
    return Start{m, nullptr};
  }
  needspinning_.store(0);
  starved_.store(true);
  PIdlePut(p);
  // The one M that is left may sleep in the poller. It says so first and then
  // looks at starved_; here it is the other way round [W6].
  if (lastpoll_.load() == 0) netpoll_.Break();
  return Start{};
}

// A runnable G whose own thread waits for it.
G* Sched::ExtractLocked() {
  const auto is_locked = [](const G* g) { return g->locked; };
  G* g = runq_.Extract(is_locked);
  runqsize_.store(runq_.size());
  if (g != nullptr) return g;
  g = idle_work_.Extract(is_locked);
  idle_work_size_.store(idle_work_.size());
  if (g != nullptr) idle_running_.fetch_add(1);
  return g;
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
    m->park.Sleep();
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

// --- Locked Ms -------------------------------------------------------------

// Hands m's own P to the thread that g is locked to. m must not search.
void Sched::StartLockedM(M* m, G* g) {
  M* locked = g->lockedm.load();
  REVEILLE_CHECK(this, locked != m && locked->nextp == nullptr,
                 "I9: a locked G runs on its own M");
  Record(m, Event::kStartM, nullptr, static_cast<uint32_t>(locked->id));
  m->futile = false;
  locked->nextp = ReleaseP(m);
  wakes_.fetch_add(1);
  WakeM(locked);
  StopM(m);
}

// Waits, without a P, until m's locked G is runnable and a P was handed over.
void Sched::StopLockedM(M* m) {
  m->Enter(MState::kSearching);
  if (m->p() != nullptr) HandOffP(ReleaseP(m));
  ParkLocked(m);
}

void Sched::ParkLocked(M* m) {
  nmidlelocked_.fetch_add(1);
  m->Enter(MState::kParkedLocked);
  while (ServeStarved(m)) {
  }
  m->park.Sleep();
  m->park.Clear();
  m->Enter(MState::kSearching);
  nmidlelocked_.fetch_sub(1);
  REVEILLE_CHECK(this, m->nextp != nullptr, "I9: woken with a P");
  AcquireP(m, std::exchange(m->nextp, nullptr));
}

// Every thread that is to be had waits for its locked G: then this one, while
// it waits, serves the timers and descriptors that those Gs wait for. False: it
// has been woken, somebody else serves, or there are threads.
bool Sched::ServeStarved(M* m) {
  if (!starved_.load() || m->park.IsWoken()) return false;
  if (lastpoll_.exchange(0) == 0) return false;
  const int64_t until = CheckTimersNoP(0);
  poll_until_.store(until);
  // Whoever wakes us does so first and then looks at this flag.
  m->serving.store(true);
  const bool woken = m->park.IsWoken();
  GList list;
  const uint32_t delta = netpoll_.Poll(woken ? 0 : DelayUntil(until), &list);
  m->serving.store(false);
  poll_until_.store(0);
  lastpoll_.store(std::max<int64_t>(NowNs(), 1));
  FireAllTimers(&list);
  PlaceStarved(&list);
  netpoll_.waiters.fetch_sub(delta);
  return true;
}

void Sched::FireAllTimers(GList* fired) {
  const int64_t now = NowNs();
  outside_timers_.RunExpired(now, fired);
  for (int i = 0; i < ps_created_.load(); ++i) {
    allp_[i].load()->timers.RunExpired(now, fired);
  }
}

// Makes the list runnable, and gives an idle P to whoever of it has a thread.
void Sched::PlaceStarved(GList* list) {
  InjectGList(list);
  lock_.Lock();
  P* p = PIdleGet();
  const Start start =
      p == nullptr ? Start{} : StartMLocked(p, /*spinning=*/false);
  lock_.Unlock();
  FinishStart(nullptr, start);
}

void Sched::WakeM(M* m) {
  if (m->park.Wake()) futex_wakes_.fetch_add(1);
  if (m->serving.load()) netpoll_.Break();
}

int64_t Sched::DelayUntil(int64_t when_ns) {
  return when_ns == 0 ? -1 : std::max<int64_t>(when_ns - NowNs(), 0);
}

}  // namespace reveille::internal
