// The path of a plain closure from Spawn() to its end on one P, inline: a few
// dozen nanoseconds, of which calls would be a third. Everything that is not
// common leaves it for a function in a .cc file.
#ifndef REVEILLE_SCHEDULER_HOT_PATH_H_
#define REVEILLE_SCHEDULER_HOT_PATH_H_

#include "scheduler/sched.h"

namespace reveille::internal {

// Runs in a row out of runnext; then the ring has its turn, so that two Gs that
// ready each other do not starve it (tokio #5686).
inline constexpr uint32_t kMaxInherited = 16;

// True on a thread that holds a P of ours.
inline bool Sched::HasP(const M* m) const {
  return m != nullptr && m->sched == this && m->p() != nullptr;
}

inline bool Sched::AcceptsFrom(const M* m) const {
  const bool inside = m != nullptr && m->sched == this && m->curg != nullptr;
  return inside ? !abandon_.load() : !closing_.load();
}

inline G* Sched::NewG(M* m) {
  if (!HasP(m)) return NewGOutside();
  GCache& gfree = m->p()->gfree;
  if (gfree.Empty()) Refill(&gfree);
  return gfree.Pop();
}

inline void Sched::CountSpawned(M* m, uint32_t n) {
  if (HasP(m)) {
    m->p()->spawned.Add(n);
  } else {
    CountSpawnedOutside(n);
  }
}

inline void Sched::WakeP() {
  // One searcher is enough, for it wakes the next when it finds work. And if a
  // searcher is asked for already, nobody can idle a P without becoming it.
  if (nmspinning_.load() != 0 || needspinning_.load() != 0) return;
  WakePSlow();
}

inline void Sched::RunqPut(P* p, G* g, bool next) {
  if (next) g = p->runq.PutNext(g);
  if (g != nullptr && !p->runq.PutTail(g)) RunqSpill(p, g);
}

// g is runnable. On a thread with a P of ours: there; else the global queue.
inline void Sched::Enqueue(M* m, G* g) {
  if (!HasP(m)) {
    InjectOne(g);
    return;
  }
  HandingOn handing_on(m);
  if (g->idle_priority) {
    PutIdleWork(m, g);
    return;
  }
  RunqPut(m->p(), g, /*next=*/true);
  // PutNext() is a sequentially consistent read-modify-write: it is its own
  // fence [W1].
  WakeP();
}

// The common case in a few loads: nothing else is due, and the local queue has
// something.
inline bool Sched::FindFast(M* m, Found* found) {
  P* p = m->p();
  if (p == nullptr || gcwaiting_.load() || exiting_.load() ||
      p->run_safe_point_fn.load() || m->left_idle_work) {
    return false;
  }
  if (p->fairness_left == 0 || p->inherited >= kMaxInherited) return false;
  if ((p->timers.MinWhenNs() | outside_timers_.MinWhenNs()) != 0) return false;
  return GetLocal(p, found);
}

inline bool Sched::GetLocal(P* p, Found* found) {
  found->g = p->runq.Get(&found->inherit_time);
  p->inherited = found->inherit_time ? p->inherited + 1 : 0;
  return found->g != nullptr;
}

inline void Sched::BeginSlice(P* p) {
  p->ticks.Add(1);
  if (p->fairness_left != 0) --p->fairness_left;
  // order: relaxed; a request, and it may come late [W9].
  if (!p->preempt.load(std::memory_order_relaxed)) return;
  p->preempt.store(false);
  // Who stops the world or wants a safe point sets his flag, then preempt, and
  // asks once: a request that we have just wiped away is made again [W7].
  if (gcwaiting_.load() || p->run_safe_point_fn.load()) p->preempt.store(true);
}

inline void Sched::PutFree(GCache* gfree, G* g) {
  if (gfree->Full()) SpillFree(gfree);
  gfree->Push(g);
}

inline void Sched::RecycleG(M* m, G* g) {
  g->Transition(GStatus::kRunning, GStatus::kDead);
  if (g->extended) CleanUp(g);
  g->idle_priority = false;
  PutFree(&m->p()->gfree, g);
}

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_HOT_PATH_H_
