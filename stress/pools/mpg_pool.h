// MpgPool: reveille::Scheduler under the common contract, with all it can do.
// Uses its public headers only.
#ifndef REVEILLE_STRESS_POOLS_MPG_POOL_H_
#define REVEILLE_STRESS_POOLS_MPG_POOL_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reveille/scheduler.h"
#include "stress/pools/pool.h"

namespace reveille::stress {

class MpgPool final : public Pool,
                      public NetpollPool,
                      public TimerPool,
                      public BlockingPool,
                      public ResizablePool,
                      public YieldingPool,
                      public IdleWorkPool,
                      public BatchPool,
                      public WhiteBoxPool {
 public:
  static absl::StatusOr<std::unique_ptr<Pool>> Create(const PoolConfig& config);
  explicit MpgPool(std::unique_ptr<Scheduler> scheduler);

  bool Submit(PoolFn fn) override;
  int Parallelism() const override;
  bool Shutdown(PoolClock::time_point deadline) override;

  NetpollPool* AsNetpoll() override { return this; }
  TimerPool* AsTimer() override { return this; }
  BlockingPool* AsBlocking() override { return this; }
  ResizablePool* AsResizable() override { return this; }
  YieldingPool* AsYielding() override { return this; }
  IdleWorkPool* AsIdleWork() override { return this; }
  BatchPool* AsBatch() override { return this; }
  const WhiteBoxPool* AsWhiteBox() const override { return this; }

  using Done = absl::AnyInvocable<void(Event)>;
  void SubmitOnReadable(int fd, PoolClock::time_point deadline,
                        Done done) override;
  void SubmitOnWritable(int fd, PoolClock::time_point deadline,
                        Done done) override;
  void Close(int fd) override;

  std::unique_ptr<TimerPool::Timer> NewTimer(
      std::function<void()> callback) override;

  void RunBlocking(bool expect_long, absl::FunctionRef<void()> blocks) override;
  void RunLocked(bool discard, PoolFn body) override;

  void Resize(int parallelism) override;
  void SubmitYielding(absl::AnyInvocable<bool()> step) override;

  void SubmitIdle(PoolFn fn) override;
  int Limit() const override { return idle_limit_; }
  bool SubmitBatch(std::vector<PoolFn> fns) override;

  // In mpg_statistics.cc.
  PoolSnapshot Snapshot() const override;
  int WorkerOf(int tid) const override;
  uint64_t StateClass() const override;
  std::vector<std::pair<std::string, double>> Counters() const override;
  std::string StateDump() const override;
  std::string FlightRecord() const override;
  std::string CheckQuiescent() const override;

 private:
  const std::unique_ptr<Scheduler> scheduler_;
  const int idle_limit_;
  // Waits on descriptors whose tasks have not come as far as to wait.
  std::atomic<uint32_t> waits_not_begun_{0};
  // Every other yielding task is a coroutine, the rest are closures.
  std::atomic<uint32_t> yielding_tasks_{0};
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_POOLS_MPG_POOL_H_
