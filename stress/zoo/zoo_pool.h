// ZooPool: a pool around a Dispatcher. Starts and joins the workers, keeps the
// door, counts the tasks; all of it with one mutex, so that what is wrong with
// a zoo pool is wrong with its dispatcher.
//
// I1: open_ counts the tasks from their acceptance until they have run.
// I2: the dispatcher is never called with mutex_ held, and outlives all
// workers.
#ifndef REVEILLE_STRESS_ZOO_ZOO_POOL_H_
#define REVEILLE_STRESS_ZOO_ZOO_POOL_H_

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "stress/zoo/dispatcher.h"

namespace reveille::stress::zoo {

class ZooPool final : public Pool,
                      private Crew,
                      private BatchPool,
                      private YieldingPool {
 public:
  using MakeDispatcher = std::unique_ptr<Dispatcher> (*)(Crew*);

  ZooPool(const PoolConfig& config, MakeDispatcher make);
  ~ZooPool() override;

  bool Submit(PoolFn fn) override;
  int Parallelism() const override;
  bool Shutdown(PoolClock::time_point deadline) override;

  NetpollPool* AsNetpoll() override { return dispatcher_->AsNetpoll(); }
  TimerPool* AsTimer() override { return dispatcher_->AsTimer(); }
  BlockingPool* AsBlocking() override { return dispatcher_->AsBlocking(); }
  ResizablePool* AsResizable() override { return dispatcher_->AsResizable(); }
  YieldingPool* AsYielding() override;
  BatchPool* AsBatch() override;
  const WhiteBoxPool* AsWhiteBox() const override {
    return dispatcher_->AsWhiteBox();
  }

 private:
  int parallelism() const override { return config_.parallelism; }
  bool rescuers() const override { return config_.rescuers; }
  void AddWorker() override;
  void EndThisWorker() override;
  int Self() const override;
  PoolFn Counted(PoolFn fn) override;
  std::vector<int> tids() const override;
  bool SubmitBatch(std::vector<PoolFn> fns) override;
  void SubmitYielding(absl::AnyInvocable<bool()> step) override;

  // False: not to be let in.
  bool Enter(int tasks);
  void Leave();
  PoolFn Leaving(PoolFn fn);
  PoolFn Step(absl::AnyInvocable<bool()> step);
  void StartWorker(int number);
  void Work(int number);
  void End();

  const PoolConfig config_;
  mutable std::mutex mutex_;
  std::condition_variable quiet_;
  int open_ = 0;
  bool refusing_ = false;
  bool ended_ = false;
  int workers_ = 0;  // Numbers given out.
  std::list<std::thread> threads_;
  std::vector<int> tids_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

template <typename AnyDispatcher>
absl::StatusOr<std::unique_ptr<Pool>> Create(const PoolConfig& config) {
  if (config.parallelism < 1) {
    return absl::InvalidArgumentError("parallelism must be at least 1");
  }
  return std::make_unique<ZooPool>(
      config, [](Crew* crew) -> std::unique_ptr<Dispatcher> {
        return std::make_unique<AnyDispatcher>(crew);
      });
}

}  // namespace reveille::stress::zoo

#endif  // REVEILLE_STRESS_ZOO_ZOO_POOL_H_
