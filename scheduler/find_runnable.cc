// FindRunnable: an M with a P looks for work, searches, lets its P go, looks
// again without it, polls, and sleeps (Go: findRunnable, stealWork,
// checkRunqsNoP, checkTimersNoP, checkIdleGCNoP).
//
// The order is the proof. A searcher first says that it searches no longer
// (nmspinning-1), then looks at everything once more; a submitter first
// publishes, then looks for a searcher. One of the two sees the other.

#include <algorithm>

#include "scheduler/check.h"
#include "scheduler/hot_path.h"

namespace reveille::internal {
namespace {

// The global queue and the network get a turn once in so many time slices,
// whatever the local queue holds. A prime, as in Go, so that it does not fall
// into step with a program's own period.
constexpr uint32_t kFairnessTick = 61;
constexpr int kStealPasses = 4;
constexpr int kPausesPerRound = 8;

void FoldIn(int64_t when, int64_t* until) {
  if (when != 0 && (*until == 0 || when < *until)) *until = when;
}

}  // namespace

Found Sched::FindRunnable(M* m) {
  for (;;) {
    if (m->p() == nullptr || exiting_.load()) {
      REVEILLE_CHECK(this, exiting_.load(), "I5: an M without a P sleeps");
      LeaveForGood(m);
      return Found();
    }
    if (gcwaiting_.load()) {
      GcStopM(m);
      continue;
    }
    m->Enter(MState::kSearching);
    Found found;
    int64_t poll_until = 0;
    if (FindWithP(m, &found, &poll_until)) return found;
    switch (DropP(m, &found)) {
      case Dropped::kNo:
        continue;
      case Dropped::kFound:
        return found;
      case Dropped::kYes:
        break;
    }
    if (RecheckNoP(m, &found, &poll_until) || PollNoP(m, &found, poll_until)) {
      if (found.g != nullptr) return found;
      continue;
    }
    StopM(m);
  }
}

void Sched::LeaveForGood(M* m) {
  if (m->spinning.load()) StopSpinning(m);
  if (m->p() == nullptr) return;
  MutexLock lock(&lock_);
  needspinning_.store(0);
  PIdlePut(ReleaseP(m));
}

bool Sched::FindWithP(M* m, Found* found, int64_t* poll_until) {
  P* p = m->p();
  if (p->run_safe_point_fn.load()) RunSafePointFn(p);
  int64_t now = 0;
  CheckTimers(m, &p->timers, &now, poll_until);
  CheckTimers(m, &outside_timers_, &now, poll_until);
  return FindLocal(p, found) || FindGlobal(m, p, found) ||
         FindByPolling(m, found) || FindBySearching(m, found, poll_until) ||
         FindIdleWork(m, found);
}

bool Sched::FindLocal(P* p, Found* found) {
  const bool others_turn = p->inherited >= kMaxInherited;
  if (others_turn || p->fairness_left == 0) {
    p->fairness_left = kFairnessTick;
    p->inherited = 0;
    PollAndInject();
    if (runqsize_.load() != 0) {
      MutexLock lock(&lock_);
      found->g = GlobRunqGet(p, 1);
    }
    if (found->g != nullptr) return true;
    if (others_turn) found->g = p->runq.GetFromRing();
    if (found->g != nullptr) return true;
  }
  return GetLocal(p, found);
}

bool Sched::FindGlobal(M* m, P* p, Found* found) {
  if (runqsize_.load() == 0) return false;
  lock_.Lock();
  found->g = GlobRunqGet(p, 0);
  lock_.Unlock();
  if (found->g != nullptr) Record(m, Event::kGlobalGet);
  return found->g != nullptr;
}

// One non-blocking poll, by one M at a time, when nobody sleeps in the poller.
bool Sched::PollOnce(GList* list, uint32_t* delta) {
  if (netpoll_.waiters.load() == 0 || lastpoll_.load() == 0) return false;
  if (polling_net_.exchange(true)) return false;
  netpolls_.fetch_add(1);
  *delta = netpoll_.Poll(0, list);
  polling_net_.store(false);
  return *delta != 0;
}

void Sched::PollAndInject() {
  GList list;
  uint32_t delta = 0;
  if (!PollOnce(&list, &delta)) return;
  InjectGList(&list);
  netpoll_.waiters.fetch_sub(delta);
}

bool Sched::FindByPolling(M* m, Found* found) {
  GList list;
  uint32_t delta = 0;
  if (!PollOnce(&list, &delta)) return false;
  found->g = TakeFirst(m, &list);
  InjectGList(&list);
  // After they are runnable: the other way round nobody would poll for them and
  // they would be in no queue either (#61454).
  netpoll_.waiters.fetch_sub(delta);
  return found->g != nullptr;
}

// The first that m may run at once, made runnable; idle-priority ones before it
// go to their queue.
G* Sched::TakeFirst(M* m, GList* list) {
  while (G* g = list->PopFront()) {
    g->Transition(GStatus::kWaiting, GStatus::kRunnable);
    if (!g->idle_priority) return g;
    PutIdleWork(m, g);
  }
  return nullptr;
}

bool Sched::FindBySearching(M* m, Found* found, int64_t* poll_until) {
  if (!m->spinning.load()) {
    // At most half of the busy Ps search, lest they do nothing else.
    if (2 * nmspinning_.load() >= procs_.load() - npidle_.load()) return false;
    BecomeSpinning(m);
  }
  do {
    int64_t now = 0;
    bool ran_timer = false;
    found->g = StealWork(m, &now, poll_until, &ran_timer);
    if (found->g != nullptr) return true;
    // Timers that ran made Gs ready, perhaps in the global queue by now.
    if (ran_timer && FindGlobal(m, m->p(), found)) return true;
  } while (Linger(m, found));
  return found->g != nullptr || FindGlobal(m, m->p(), found);
}

// Spins a little before the P is let go: parking and waking again cost two
// system calls. It polls meanwhile, since a descriptor that becomes ready then
// costs no sleep and no wake either. True: there is something to steal.
//
// How long is learnt: an M whose spinning found nothing halves it, one that
// found something doubles it. A pool that gets a task now and then so parks
// almost at once, and one that gets them in a stream does not.
bool Sched::Linger(M* m, Found* found) {
  const bool seen = LingerFor(m, m->patience, found);
  if (seen || found->g != nullptr || runqsize_.load() != 0) {
    m->patience = std::min(2 * m->patience + 1, options_.spin_rounds);
  } else {
    m->patience /= 2;
  }
  return seen;
}

bool Sched::LingerFor(M* m, int rounds, Found* found) {
  for (int round = 0; round <= rounds; ++round) {
    if (gcwaiting_.load() || exiting_.load()) return false;
    if (runqsize_.load() != 0) return false;
    if (AnythingToSteal(m->p())) return true;
    if (FindByPolling(m, found)) return false;
    for (int i = 0; i < kPausesPerRound && rounds != 0; ++i) SpinPause();
  }
  return false;
}

bool Sched::AnythingToSteal(const P* self) const {
  const int n = procs_.load();
  for (int i = 0; i < n; ++i) {
    const P* p = allp_[i];
    if (p != self && !idlep_mask_.Read(i) && p->runq.RingSize() != 0)
      return true;
  }
  return false;
}

G* Sched::StealWork(M* m, int64_t* now, int64_t* poll_until, bool* ran_timer) {
  const auto n = static_cast<uint32_t>(procs_.load());
  for (int pass = 0; pass < kStealPasses; ++pass) {
    const bool last_pass = pass == kStealPasses - 1;
    // A random start and a random direction; both step through all Ps.
    const uint32_t random = m->Random();
    const uint32_t stride = (random & 1) != 0 ? 1 : n - 1;
    uint32_t at = (random >> 1) % n;
    for (uint32_t i = 0; i < n; ++i, at = (at + stride) % n) {
      if (gcwaiting_.load()) return nullptr;
      P* victim = allp_[at];
      if (victim == m->p()) continue;
      G* g = StealFrom(m, victim, last_pass, now, poll_until, ran_timer);
      if (g != nullptr) return g;
    }
  }
  return nullptr;
}

G* Sched::StealFrom(M* m, P* victim, bool last_pass, int64_t* now,
                    int64_t* poll_until, bool* ran_timer) {
  P* p = m->p();
  // Timers and runnext come last: both disturb their owner.
  if (last_pass && timerp_mask_.Read(victim->id) &&
      CheckTimers(m, &victim->timers, now, poll_until)) {
    p->stolen_timers.Add(1);
    *ran_timer = true;
    bool inherit;
    G* g = p->runq.Get(&inherit);
    if (g != nullptr) return g;
  }
  if (idlep_mask_.Read(victim->id)) return nullptr;
  G* g = victim->runq.StealInto(&p->runq, last_pass);
  if (g == nullptr) return nullptr;
  p->steals.Add(1);
  Record(m, Event::kSteal, g, static_cast<uint32_t>(victim->id));
  return g;
}

bool Sched::CheckTimers(M* m, TimerHeap* heap, int64_t* now,
                        int64_t* poll_until) {
  int64_t when = heap->MinWhenNs();
  if (when == 0) return false;
  if (*now == 0) *now = NowNs();
  if (when > *now) {
    FoldIn(when, poll_until);
    return false;
  }
  GList fired;
  const int n = heap->RunExpired(*now, &fired);
  FoldIn(heap->MinWhenNs(), poll_until);
  if (n == 0) return false;
  Record(m, Event::kTimers, nullptr, static_cast<uint32_t>(n));
  HandingOn handing_on(m);
  GList runnable;
  while (G* g = fired.PopFront()) {
    g->Transition(GStatus::kWaiting, GStatus::kRunnable);
    if (g->idle_priority) {
      PutIdleWork(m, g);
    } else {
      runnable.PushBack(g);
    }
  }
  RunqPutList(m->p(), &runnable);
  WakePAfterStore();
  return true;
}

bool Sched::FindIdleWork(M* m, Found* found) {
  if (!IdleWorkAvailable()) return false;
  lock_.Lock();
  found->g = TakeIdleWork();
  lock_.Unlock();
  if (found->g != nullptr) Record(m, Event::kGlobalGet, found->g, 1);
  return found->g != nullptr;
}

// The one place where an M that found nothing lets its P go.
Sched::Dropped Sched::DropP(M* m, Found* found) {
  MutexLock lock(&lock_);
  P* p = m->p();
  if (gcwaiting_.load() || p->run_safe_point_fn.load() || exiting_.load()) {
    return Dropped::kNo;
  }
  found->g = GlobRunqGet(p, 0);
  if (found->g != nullptr) return Dropped::kFound;
  if (needspinning_.load() != 0) {
    // Someone found no idle P because this one was not yet idle: search on his
    // behalf. golang/go#45867.
    if (m->spinning.load()) {
      needspinning_.store(0);
    } else {
      BecomeSpinning(m);
    }
    return Dropped::kNo;
  }
  PIdlePut(ReleaseP(m));
  Record(m, Event::kPIdle, nullptr, static_cast<uint32_t>(p->id));
  return Dropped::kYes;
}

// The last look, by every M that stops to search. True: it has a P again.
bool Sched::RecheckNoP(M* m, Found* found, int64_t* poll_until) {
  if (!m->spinning.load()) return false;
  StopSpinning(m);
  if (RecheckGlobal(m, found)) return true;
  if (P* p = CheckRunqsNoP(); p != nullptr) {
    AcquireP(m, p);
    BecomeSpinning(m);
    return true;
  }
  if (CheckIdleWorkNoP(m, found)) return true;
  *poll_until = CheckTimersNoP(*poll_until);
  return false;
}

// Always under the lock: a hint could be older than our decrement. The seed and
// Go until 2023 did not look here at all (golang/go#55160).
bool Sched::RecheckGlobal(M* m, Found* found) {
  lock_.Lock();
  P* p = runq_.Empty() ? nullptr : PIdleGetSpinning();
  if (p != nullptr) found->g = GlobRunqGet(p, 0);
  lock_.Unlock();
  if (p == nullptr) return false;
  AcquireP(m, p);
  BecomeSpinning(m);
  return true;
}

P* Sched::CheckRunqsNoP() {
  const int n = ps_created_.load();
  for (int i = 0; i < n; ++i) {
    P* victim = allp_[i];
    // The mask is read live: a P that is idle now has an empty queue.
    if (idlep_mask_.Read(i) || victim->runq.Empty()) continue;
    MutexLock lock(&lock_);
    // Without a P there is no use in looking further.
    return PIdleGetSpinning();
  }
  return nullptr;
}

int64_t Sched::CheckTimersNoP(int64_t poll_until) const {
  const int n = ps_created_.load();
  for (int i = 0; i < n; ++i) {
    if (timerp_mask_.Read(i)) {
      FoldIn(allp_[i]->timers.MinWhenNs(), &poll_until);
    }
  }
  FoldIn(outside_timers_.MinWhenNs(), &poll_until);
  return poll_until;
}

// The lock is held from the look until the P is committed: a P that was taken
// on trial and put back would be missed by whoever stops the world meanwhile
// (golang/go#45975).
bool Sched::CheckIdleWorkNoP(M* m, Found* found) {
  if (!IdleWorkAvailable()) return false;
  lock_.Lock();
  P* p = IdleWorkAvailable() ? PIdleGetSpinning() : nullptr;
  if (p != nullptr) found->g = TakeIdleWork();
  lock_.Unlock();
  if (p == nullptr) return false;
  AcquireP(m, p);
  BecomeSpinning(m);
  return true;
}

// Sleeps in the poller, or tells the one who does about our deadline. True: we
// have a P again.
bool Sched::PollNoP(M* m, Found* found, int64_t poll_until) {
  if (netpoll_.waiters.load() == 0 && poll_until == 0) return false;
  if (lastpoll_.exchange(0) == 0) {
    if (poll_until == 0) return false;
    const int64_t until = poll_until_.load();
    if (until == 0 || until > poll_until) netpoll_.Break();
    return false;
  }
  // Claimed. A timer that is added from now on finds us, and our deadline or a
  // 0, and breaks the poll if need be [W4].
  poll_until_.store(poll_until);
  // A P that found no thread: do not sleep, come back for it [W6].
  const int64_t delay = starved_.load() ? 0 : DelayUntil(poll_until);
  Record(m, Event::kPollBlock);
  m->Enter(MState::kPolling);
  GList list;
  netpolls_.fetch_add(1);
  const uint32_t delta = netpoll_.Poll(delay, &list);
  m->Enter(MState::kSearching);
  Record(m, Event::kPollReturn, nullptr, list.size());
  poll_until_.store(0);
  lastpoll_.store(std::max<int64_t>(NowNs(), 1));
  return LeavePoll(m, found, &list, delta);
}

// We have left the poller role, and so owe a successor while a P is idle: an M
// that idled its P a moment ago may have seen us polling, and sleeps. In Go
// nobody polls then until sysmon does. Here, in each case, somebody will:
//   no P       PIdleGetSpinning() has set needspinning: the next M to idle its
//              P searches first and then finds the role vacant;
//   events     found->wake: a WakeP() before the G is run, if anything is left
//              to poll for;
//   no events  we search, and poll again if there is nothing.
bool Sched::LeavePoll(M* m, Found* found, GList* list, uint32_t delta) {
  lock_.Lock();
  P* p = PIdleGetSpinning();
  if (p != nullptr) starved_.store(false);
  lock_.Unlock();
  if (p == nullptr) {
    InjectGList(list);
    netpoll_.waiters.fetch_sub(delta);
    return false;
  }
  AcquireP(m, p);
  found->g = TakeFirst(m, list);
  if (found->g == nullptr) BecomeSpinning(m);
  InjectGList(list);
  netpoll_.waiters.fetch_sub(delta);
  found->wake = found->g != nullptr && PollerWanted();
  return true;
}

}  // namespace reveille::internal
