// ReferencePool: right because it is plain. One mutex guards everything, one
// condition variable announces every change to everybody, one queue holds the
// tasks in order. It shows what the contract asks for, and that a judge which
// complains about another pool has nothing to say about this one.
//
// A task runs while it holds one of Parallelism() permits; there are as many
// threads as permits, and one more for each task that blocks. Always
// notify_all(): threads wait for different things on the one variable, so a
// single notification might wake the wrong one.
//
// I1: running_ + returning_ <= parallelism_ before a task is taken, so that who
// comes back from blocking is not overtaken for ever.
#ifndef REVEILLE_STRESS_POOLS_REFERENCE_POOL_H_
#define REVEILLE_STRESS_POOLS_REFERENCE_POOL_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "stress/pools/pool.h"
#include "stress/pools/reference_netpoll.h"

namespace reveille::stress {

class ReferencePool final : public Pool,
                            public TimerPool,
                            public BlockingPool,
                            public ResizablePool,
                            public YieldingPool,
                            public IdleWorkPool,
                            public BatchPool {
 public:
  explicit ReferencePool(int parallelism);
  ~ReferencePool() override;

  bool Submit(PoolFn fn) override;
  int Parallelism() const override;
  bool Shutdown(PoolClock::time_point deadline) override;

  NetpollPool* AsNetpoll() override { return &netpoll_; }
  TimerPool* AsTimer() override { return this; }
  BlockingPool* AsBlocking() override { return this; }
  ResizablePool* AsResizable() override { return this; }
  YieldingPool* AsYielding() override { return this; }
  IdleWorkPool* AsIdleWork() override { return this; }
  BatchPool* AsBatch() override { return this; }

  std::unique_ptr<Timer> NewTimer(std::function<void()> callback) override;
  void RunBlocking(bool expect_long, absl::FunctionRef<void()> blocks) override;
  void RunLocked(bool discard, PoolFn body) override;
  void Resize(int parallelism) override;
  void SubmitYielding(absl::AnyInvocable<bool()> step) override;
  void SubmitIdle(PoolFn fn) override;
  int Limit() const override;
  bool SubmitBatch(std::vector<PoolFn> fns) override;

 private:
  class PendingTimer;
  using Lock = std::unique_lock<std::mutex>;
  using Threads = std::list<std::thread>;

  bool IsRefused() const;
  bool IsQuiet() const;
  bool HasRoom() const;
  void Enqueue(PoolFn fn);
  void QueueDueTimers();
  bool SetTimer(PendingTimer* timer, const PoolClock::time_point* when);

  void StartThreads();
  void Work(Threads::iterator self);
  void Discard(Threads::iterator self);
  void RunNext(Lock* lock);
  void RunNextIdle(Lock* lock);
  void Run(PoolFn fn, Lock* lock);
  void Sleep(Lock* lock);
  void End(Lock* lock);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<PoolFn> queue_;
  std::deque<PoolFn> idle_queue_;
  std::multimap<PoolClock::time_point, PendingTimer*> timers_;
  int parallelism_;
  int running_ = 0;       // Permits taken.
  int idle_running_ = 0;  // Of those, by idle-priority tasks.
  int blocked_ = 0;       // Tasks that block, or come back from it.
  int returning_ = 0;     // Of those, the ones that wait for a permit.
  bool refusing_ = false;
  bool ending_ = false;
  Threads threads_;
  Threads ended_;  // Discarded, to be joined.
  ReferenceNetpoll netpoll_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_POOLS_REFERENCE_POOL_H_
