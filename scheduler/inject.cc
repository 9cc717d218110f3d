// Where runnable Gs go: the local queue of the P at hand, the global queue, or
// the queue of idle-priority work (Go: runqput, globrunqput, injectglist).

#include <algorithm>
#include <vector>

#include "scheduler/check.h"
#include "scheduler/hot_path.h"

namespace reveille::internal {

void Sched::GlobRunqPut(G* g) {
  runq_.Push(g);
  runqsize_.store(runq_.size());
  events_.fetch_add(1);
}

void Sched::GlobRunqPutList(GList* list) {
  while (G* g = list->PopFront()) runq_.Push(g);
  runqsize_.store(runq_.size());
  events_.fetch_add(1);
}

G* Sched::GlobRunqGet(P* p, uint32_t max) {
  const uint32_t size = runq_.size();
  if (size == 0) return nullptr;
  uint32_t n = size / static_cast<uint32_t>(procs_.load()) + 1;
  n = std::min({n, size, RunQueue::kCapacity / 2});
  if (max != 0) n = std::min(n, max);
  G* first = runq_.Pop();
  for (uint32_t i = 1; i < n; ++i) {
    REVEILLE_CHECK(this, p->runq.PutTail(runq_.Pop()),
                   "a batch goes to a queue with room");
  }
  runqsize_.store(runq_.size());
  events_.fetch_add(1);
  return first;
}

void Sched::RunqSpill(P* p, G* g) {
  G* spill[RunQueue::kSpill];
  while (!p->runq.SpillHalf(g, spill)) {
    if (p->runq.PutTail(g)) return;
  }
  MutexLock lock(&lock_);
  for (G* spilled : spill) GlobRunqPut(spilled);
}

// Leftovers of a full ring go to the global queue.
void Sched::RunqPutList(P* p, GList* list) {
  while (!list->Empty()) {
    G* g = list->PopFront();
    if (!p->runq.PutTail(g)) {
      list->PushFront(g);
      MutexLock lock(&lock_);
      GlobRunqPutList(list);
    }
  }
}

void Sched::PutIdleWork(M* m, G* g) {
  if (m != nullptr) Record(m, Event::kReady, nullptr, 1);
  Start start;
  lock_.Lock();
  idle_work_.Push(g);
  idle_work_size_.store(idle_work_.size());
  events_.fetch_add(1);
  if (IdleWorkAvailable()) start = StartSearcherLocked();
  lock_.Unlock();
  FinishStart(CurrentM(), start);
}

bool Sched::IdleWorkAvailable() const {
  return idle_work_size_.load() != 0 &&
         idle_running_.load() < idle_limit_.load();
}

G* Sched::TakeIdleWork() {
  if (!IdleWorkAvailable()) return nullptr;
  G* g = idle_work_.Pop();
  idle_work_size_.store(idle_work_.size());
  idle_running_.fetch_add(1);
  events_.fetch_add(1);
  return g;
}

// Gs that are parked and claimed become runnable together.
void Sched::InjectGList(GList* list) {
  M* m = CurrentM();
  GList normal;
  while (G* g = list->PopFront()) {
    g->Transition(GStatus::kWaiting, GStatus::kRunnable);
    if (g->idle_priority) {
      PutIdleWork(nullptr, g);
    } else {
      normal.PushBack(g);
    }
  }
  if (normal.Empty()) return;
  if (m != nullptr && m->sched == this && m->p() != nullptr) {
    InjectWithP(m, &normal);
  } else {
    InjectWithoutP(&normal);
  }
}

// Publication and the choice of Ps are one critical section: no judge, and no M
// that is about to sleep, sees the one without the other. And a foreign thread
// touches nothing of ours after it unless it has an M to wake: the task may
// have ended by then, and the scheduler with it.
void Sched::InjectOne(G* g) {
  if (g->idle_priority) {
    PutIdleWork(nullptr, g);
    return;
  }
  lock_.Lock();
  GlobRunqPut(g);
  const Start start = StartSearcherLocked();
  lock_.Unlock();
  FinishStart(CurrentM(), start);
}

// WakeP() for what was published in this critical section. The last look of a
// searcher at the global queue, and at the idle work, is under this lock, after
// its decrement: if it looked before us, we read the decrement [W3].
Start Sched::StartSearcherLocked() {
  if (nmspinning_.load() != 0 || needspinning_.load() != 0) return Start{};
  P* p = PIdleGetSpinning();
  if (p == nullptr) return Start{};
  nmspinning_.fetch_add(1);
  return StartMLocked(p, /*spinning=*/true);
}

void Sched::InjectWithoutP(GList* list) {
  const uint32_t n = list->size();
  std::vector<Start> starts;
  injected_batches_.fetch_add(1);
  lock_.Lock();
  GlobRunqPutList(list);
  TakePsFor(n, &starts);
  lock_.Unlock();
  M* self = CurrentM();
  for (const Start& start : starts) FinishStart(self, start);
}

// One M for each idle P, at most n. They do not search: each finds its part.
void Sched::TakePsFor(uint32_t n, std::vector<Start>* starts) {
  for (uint32_t i = 0; i < n; ++i) {
    P* p = PIdleGetSpinning();
    if (p == nullptr) return;
    starts->push_back(StartMLocked(p, /*spinning=*/false));
  }
}

void Sched::InjectWithP(M* m, GList* list) {
  HandingOn handing_on(m);
  Record(m, Event::kInject, nullptr, list->size());
  injected_batches_.fetch_add(1);
  GList global;
  const auto idle = static_cast<uint32_t>(std::max(npidle_.load(), 0));
  for (uint32_t i = 0; i < idle && !list->Empty(); ++i) {
    global.PushBack(list->PopFront());
  }
  if (!global.Empty()) InjectWithoutP(&global);
  RunqPutList(m->p(), list);
  // npidle may have been stale: a P that idled since gets a searcher (#63555).
  WakePAfterStore();
}

}  // namespace reveille::internal
