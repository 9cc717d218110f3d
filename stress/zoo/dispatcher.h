// Dispatcher: the part of a zoo pool that is interesting, how a task gets to a
// worker that may be asleep. Threads, the door and the counting of tasks are
// ZooPool's.
#ifndef REVEILLE_STRESS_ZOO_DISPATCHER_H_
#define REVEILLE_STRESS_ZOO_DISPATCHER_H_

#include <utility>
#include <vector>

#include "stress/pools/pool.h"

namespace reveille::stress::zoo {

// Who submits, if it is no worker.
inline constexpr int kOutside = -1;

// What a dispatcher may ask of its pool. Any thread.
class Crew {
 public:
  virtual ~Crew() = default;
  virtual int parallelism() const = 0;
  // Timed rescuers are on.
  virtual bool rescuers() const = 0;
  // One more worker, beyond the first parallelism() ones.
  virtual void AddWorker() = 0;
  // The calling worker ends after its task, and another takes its number.
  virtual void EndThisWorker() = 0;
  // The worker that calls, or kOutside.
  virtual int Self() const = 0;
  // A closure that counts as a task of the pool from now until it has run.
  virtual PoolFn Counted(PoolFn fn) = 0;
  virtual std::vector<int> tids() const = 0;
};

class Dispatcher {
 public:
  virtual ~Dispatcher() = default;

  // Any thread; `submitter` is the worker whose task submits, or kOutside.
  virtual void Push(int submitter, PoolFn fn) = 0;
  // By worker `self`: sleeps until there is a task for it. Null: the end.
  virtual PoolFn Next(int self) = 0;
  // By worker `self`, which has run what Next() gave it.
  virtual void Done(int /*self*/) {}
  // Makes every Next() return null, the ones that sleep included.
  virtual void Stop() = 0;

  // Capabilities. Batches and yields go through the door of the pool first.
  virtual bool TakesBatches() const { return false; }
  virtual void PushBatch(int submitter, std::vector<PoolFn> fns) {
    for (PoolFn& fn : fns) Push(submitter, std::move(fn));
  }
  virtual bool TakesYields() const { return false; }
  virtual void PushYielded(int self, PoolFn fn) { Push(self, std::move(fn)); }
  virtual NetpollPool* AsNetpoll() { return nullptr; }
  virtual TimerPool* AsTimer() { return nullptr; }
  virtual BlockingPool* AsBlocking() { return nullptr; }
  virtual ResizablePool* AsResizable() { return nullptr; }
  // Who resizes keeps the number himself.
  virtual int ParallelismOf(int initial) const { return initial; }
  virtual const WhiteBoxPool* AsWhiteBox() const { return nullptr; }
};

}  // namespace reveille::stress::zoo

#endif  // REVEILLE_STRESS_ZOO_DISPATCHER_H_
