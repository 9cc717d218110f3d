// Ms that are bound to a G: whoever dequeues the G hands his P to its M (Go:
// startlockedm, stoplockedm). And what to do when no other Ms are to be had.
//
// A thread that waits for its locked G is a thread. When all that may exist
// wait so, or block, one of them sleeps in the poller in place of its note, and
// serves the timers and descriptors that their Gs wait for.
//
// All wakes of a locked M are made under sched.lock, together with what they
// say (a P in nextp, or nothing: look around). So it can tell the two apart,
// and clear its note without losing either.

#include <algorithm>

#include "scheduler/check.h"
#include "scheduler/hot_path.h"

namespace reveille::internal {

// Hands m's own P to the thread that g is locked to. m must not search.
void Sched::StartLockedM(M* m, G* g) {
  M* locked = g->lockedm.load();
  REVEILLE_CHECK(this, locked != m, "I9: a locked G runs on its own M");
  Record(m, Event::kStartM, nullptr, static_cast<uint32_t>(locked->id));
  m->futile = false;
  wakes_.fetch_add(1);
  lock_.Lock();
  GiveToLockedM(locked, ReleaseP(m));
  lock_.Unlock();
  StopM(m);
}

void Sched::GiveToLockedM(M* m, P* p) {
  REVEILLE_CHECK(this, m->nextp == nullptr, "I9: a parked M has no P");
  m->nextp = p;
  WakeLockedM(m);
}

void Sched::WakeLockedM(M* m) {
  m->park.Wake();
  if (m->serving) netpoll_.Break();
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
  bool owes_poller = false;
  lock_.Lock();
  while (m->nextp == nullptr) {
    if (!m->listed) PushLocked(m);
    // The role is claimed in the same critical section: whoever sleeps on its
    // note must not be taken for one that serves.
    const bool serve =
        !locked_m_serves_ && ShouldServe() && lastpoll_.exchange(0) != 0;
    if (serve) locked_m_serves_ = m->serving = true;
    lock_.Unlock();
    if (serve) {
      ServeOnce();
      owes_poller = true;
    } else {
      if (std::exchange(owes_poller, false)) PassOnPolling();
      if (m->park.Sleep()) futex_wakes_.fetch_add(1);
    }
    lock_.Lock();
    if (serve) locked_m_serves_ = m->serving = false;
    m->park.Clear();
  }
  m->park.Clear();
  if (m->listed) RemoveLocked(m);
  P* p = std::exchange(m->nextp, nullptr);
  lock_.Unlock();
  m->Enter(MState::kSearching);
  nmidlelocked_.fetch_sub(1);
  AcquireP(m, p);
  if (owes_poller) PassOnPolling();
}

// Like LeavePoll(): whoever leaves the poller's role owes a successor.
void Sched::PassOnPolling() {
  if (PollerWanted()) WakeP();
}

void Sched::PushLocked(M* m) {
  m->listed = true;
  m->schedlink = mlocked_;
  m->schedback = nullptr;
  if (mlocked_ != nullptr) mlocked_->schedback = m;
  mlocked_ = m;
}

void Sched::RemoveLocked(M* m) {
  m->listed = false;
  (m->schedback == nullptr ? mlocked_ : m->schedback->schedlink) = m->schedlink;
  if (m->schedlink != nullptr) m->schedlink->schedback = m->schedback;
  m->schedlink = m->schedback = nullptr;
}

// Someone must poll, nobody does, and there is no thread to do it.
bool Sched::ShouldServe() const {
  const bool exhausted =
      starved_.load() || nthreads_.load() >= options_.max_threads;
  return exhausted && midle_ == nullptr && lastpoll_.load() != 0 &&
         PollerWanted();
}

// To look around; one that serves will do so anyway.
void Sched::AskLockedM() {
  if (mlocked_ != nullptr && !locked_m_serves_) WakeLockedM(mlocked_);
}

// The poller's role is ours.
void Sched::ServeOnce() {
  const int64_t until = CheckTimersNoP(0);
  poll_until_.store(until);
  GList list;
  netpolls_.fetch_add(1);
  const uint32_t delta = netpoll_.Poll(DelayUntil(until), &list);
  poll_until_.store(0);
  lastpoll_.store(std::max<int64_t>(NowNs(), 1));
  FireAllTimers(&list);
  InjectGList(&list);
  netpoll_.waiters.fetch_sub(delta);
  PlaceStarved();
}

void Sched::FireAllTimers(GList* fired) {
  const int64_t now = NowNs();
  outside_timers_.RunExpired(now, fired);
  for (int i = 0; i < ps_created_.load(); ++i) {
    allp_[i]->timers.RunExpired(now, fired);
  }
}

// Gives an idle P to a runnable G that has a thread, if there is one.
void Sched::PlaceStarved() {
  lock_.Lock();
  P* p = runqsize_.load() + idle_work_size_.load() == 0 ? nullptr : PIdleGet();
  const Start start =
      p == nullptr ? Start{} : StartMLocked(p, /*spinning=*/false);
  lock_.Unlock();
  FinishStart(nullptr, start);
}

// No thread is to be had for p. A locked G needs none: its thread sleeps. Else
// the P idles, its work goes where any M finds it, and the next M that comes
// back, a thread that ends, sysmon, or the next submission tries again. Nothing
// is lost.
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
    GiveToLockedM(locked->lockedm.load(), p);
    return Start{};
  }
  needspinning_.store(0);
  starved_.store(true);
  PIdlePut(p);
  // The one M that is left may sleep in the poller. It says so first and then
  // looks at starved_; here it is the other way round [W6].
  if (lastpoll_.load() == 0) {
    netpoll_.Break();
  } else {
    AskLockedM();
  }
  return Start{};
}

// A runnable G whose own thread waits for it.
G* Sched::ExtractLocked() {
  const auto is_locked = [](const G* g) { return g->locked; };
  if (runq_.locked() != 0) {
    G* g = runq_.Extract(is_locked);
    runqsize_.store(runq_.size());
    return g;
  }
  if (idle_work_.locked() == 0) return nullptr;
  G* g = idle_work_.Extract(is_locked);
  idle_work_size_.store(idle_work_.size());
  idle_running_.fetch_add(1);
  return g;
}

}  // namespace reveille::internal
