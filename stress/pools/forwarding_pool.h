// ForwardingPool: another pool, as it is. The base of pools that differ from a
// good one in a single respect: the planted bugs of the tests.
#ifndef REVEILLE_STRESS_POOLS_FORWARDING_POOL_H_
#define REVEILLE_STRESS_POOLS_FORWARDING_POOL_H_

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "stress/pools/pool.h"

namespace reveille::stress {

class ForwardingPool : public Pool,
                       public NetpollPool,
                       public TimerPool,
                       public BlockingPool,
                       public ResizablePool,
                       public YieldingPool,
                       public IdleWorkPool,
                       public BatchPool {
 public:
  // `inner` has every capability.
  explicit ForwardingPool(std::unique_ptr<Pool> inner)
      : owner_(std::move(inner)), inner_(owner_.get()) {}

  bool Submit(PoolFn fn) override { return inner_->Submit(std::move(fn)); }
  int Parallelism() const override { return inner_->Parallelism(); }
  bool Shutdown(PoolClock::time_point deadline) override {
    return inner_->Shutdown(deadline);
  }

  NetpollPool* AsNetpoll() override { return this; }
  TimerPool* AsTimer() override { return this; }
  BlockingPool* AsBlocking() override { return this; }
  ResizablePool* AsResizable() override { return this; }
  YieldingPool* AsYielding() override { return this; }
  IdleWorkPool* AsIdleWork() override { return this; }
  BatchPool* AsBatch() override { return this; }
  const WhiteBoxPool* AsWhiteBox() const override {
    return inner_->AsWhiteBox();
  }

  using Done = absl::AnyInvocable<void(Event)>;
  void SubmitOnReadable(int fd, PoolClock::time_point deadline,
                        Done done) override {
    inner_->AsNetpoll()->SubmitOnReadable(fd, deadline, std::move(done));
  }
  void SubmitOnWritable(int fd, PoolClock::time_point deadline,
                        Done done) override {
    inner_->AsNetpoll()->SubmitOnWritable(fd, deadline, std::move(done));
  }
  void Close(int fd) override { inner_->AsNetpoll()->Close(fd); }

  std::unique_ptr<Timer> NewTimer(std::function<void()> callback) override {
    return inner_->AsTimer()->NewTimer(std::move(callback));
  }

  void RunBlocking(bool expect_long,
                   absl::FunctionRef<void()> blocks) override {
    inner_->AsBlocking()->RunBlocking(expect_long, blocks);
  }
  void RunLocked(bool discard, PoolFn body) override {
    inner_->AsBlocking()->RunLocked(discard, std::move(body));
  }

  void Resize(int parallelism) override {
    inner_->AsResizable()->Resize(parallelism);
  }
  void SubmitYielding(absl::AnyInvocable<bool()> step) override {
    inner_->AsYielding()->SubmitYielding(std::move(step));
  }
  void SubmitIdle(PoolFn fn) override {
    inner_->AsIdleWork()->SubmitIdle(std::move(fn));
  }
  int Limit() const override { return inner_->AsIdleWork()->Limit(); }
  bool SubmitBatch(std::vector<PoolFn> fns) override {
    return inner_->AsBatch()->SubmitBatch(std::move(fns));
  }

 protected:
  // For the destructor of the most derived class: the tasks that still run
  // meanwhile must find a whole object.
  void EndInner() { owner_.reset(); }

 private:
  std::unique_ptr<Pool> owner_;
  Pool* const inner_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_POOLS_FORWARDING_POOL_H_
