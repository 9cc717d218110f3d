// Pools with one bug each, around the reference pool. Each of the bugs is one
// that a scenario or its oracles must report.
//
// A bug that makes a round hang is held until Mend(): the test looks at what a
// watchdog would see, then lets the round end.
#ifndef REVEILLE_STRESS_SCENARIOS_BROKEN_POOLS_H_
#define REVEILLE_STRESS_SCENARIOS_BROKEN_POOLS_H_

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "stress/pools/forwarding_pool.h"

namespace reveille::stress {

inline std::unique_ptr<Pool> NewReferencePool(int parallelism) {
  PoolConfig config;
  config.parallelism = parallelism;
  return *FindPool("reference")->create(config);
}

class BrokenPool : public ForwardingPool {
 public:
  explicit BrokenPool(int parallelism)
      : ForwardingPool(NewReferencePool(parallelism)) {}
  // Ends the hang.
  virtual void Mend() {}

 protected:
  // True once, at the n-th call.
  bool IsTurn(int n) { return calls_.fetch_add(1) + 1 == n; }

 private:
  std::atomic<int> calls_{0};
};

// The bug as it is put to use.
template <typename Bug>
class Planted final : public Bug {
 public:
  using Bug::Bug;
  ~Planted() override { this->EndInner(); }
};

class DropsATask : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  bool Submit(PoolFn fn) override {
    return IsTurn(3) || BrokenPool::Submit(std::move(fn));
  }
};

class ForgetsATask : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  bool Submit(PoolFn fn) override {
    if (!IsTurn(3)) return BrokenPool::Submit(std::move(fn));
    std::lock_guard<std::mutex> lock(mutex_);
    forgotten_ = std::move(fn);
    return true;
  }
  void Mend() override {
    std::lock_guard<std::mutex> lock(mutex_);
    BrokenPool::Submit(std::move(forgotten_));
  }

 private:
  std::mutex mutex_;
  PoolFn forgotten_;
};

class RunsATaskTwice : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  bool Submit(PoolFn fn) override {
    if (!IsTurn(3)) return BrokenPool::Submit(std::move(fn));
    return BrokenPool::Submit([fn = std::move(fn)]() mutable {
      fn();
      fn();
    });
  }
};

class RefusesATaskAndRunsIt : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  bool Submit(PoolFn fn) override {
    const bool refuse = IsTurn(3);
    return BrokenPool::Submit(std::move(fn)) && !refuse;
  }
};

// One worker fewer than it says.
class HasTooFewWorkers : public BrokenPool {
 public:
  explicit HasTooFewWorkers(int parallelism)
      : BrokenPool(parallelism - 1), said_(parallelism) {}
  int Parallelism() const override { return said_; }
  void Mend() override { BrokenPool::Resize(said_); }

 private:
  const int said_;
};

// One more than it was told.
class HasTooManyWorkers : public BrokenPool {
 public:
  explicit HasTooManyWorkers(int parallelism)
      : BrokenPool(parallelism + 1), said_(parallelism) {}
  int Parallelism() const override { return said_.load(); }
  void Resize(int parallelism) override {
    said_.store(parallelism);
    BrokenPool::Resize(parallelism + 1);
  }

 private:
  std::atomic<int> said_;
};

// Yielded tasks go where nobody looks until somebody submits.
class YieldsWithoutAWake : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  bool Submit(PoolFn fn) override {
    const bool accepted = BrokenPool::Submit(std::move(fn));
    Flush();
    return accepted;
  }
  void SubmitYielding(absl::AnyInvocable<bool()> step) override {
    BrokenPool::Submit([this, step = std::move(step)]() mutable {
      if (!step()) return;
      {
        std::lock_guard<std::mutex> lock(mutex_);
        yielded_.push_back(std::move(step));
      }
      if (mended_.load()) Flush();
    });
  }
  void Mend() override {
    mended_.store(true);
    Flush();
  }

 private:
  void Flush() {
    std::deque<absl::AnyInvocable<bool()>> steps;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      steps.swap(yielded_);
    }
    for (auto& step : steps) SubmitYielding(std::move(step));
  }

  std::atomic<bool> mended_{false};
  std::mutex mutex_;
  std::deque<absl::AnyInvocable<bool()>> yielded_;
};

// A timer whose owner says when it fires, whether it is stopped.
template <typename Bug>
class BrokenTimers : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  std::unique_ptr<Timer> NewTimer(std::function<void()> callback) override {
    return std::make_unique<Bug>(BrokenPool::NewTimer(std::move(callback)));
  }
};

class TimerProxy : public TimerPool::Timer {
 public:
  explicit TimerProxy(std::unique_ptr<Timer> inner)
      : inner_(std::move(inner)) {}
  bool Reset(PoolClock::time_point when) override {
    return inner_->Reset(when);
  }
  bool Stop() override { return inner_->Stop(); }

 private:
  std::unique_ptr<Timer> inner_;
};

class EarlyTimer final : public TimerProxy {
 public:
  using TimerProxy::TimerProxy;
  bool Reset(PoolClock::time_point when) override {
    return TimerProxy::Reset(when - std::chrono::milliseconds(50));
  }
};
using FiresTimersEarly = BrokenTimers<EarlyTimer>;

// Stop() says that it stopped, but the timer fires.
class UnstoppableTimer final : public TimerProxy {
 public:
  using TimerProxy::TimerProxy;
  bool Stop() override {
    if (!TimerProxy::Stop()) return false;
    TimerProxy::Reset(PoolClock::now());
    return true;
  }
};
using FiresStoppedTimers = BrokenTimers<UnstoppableTimer>;

// Sets none of its timers until it is mended.
class ForgetsTimers : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  std::unique_ptr<Timer> NewTimer(std::function<void()> callback) override {
    return std::make_unique<ForgottenTimer>(
        this, BrokenPool::NewTimer(std::move(callback)));
  }
  void Mend() override {
    std::lock_guard<std::mutex> lock(mutex_);
    mended_ = true;
    for (auto& [timer, when] : forgotten_) timer->SetAtLast(when);
    forgotten_.clear();
  }

 private:
  class ForgottenTimer final : public TimerProxy {
   public:
    ForgottenTimer(ForgetsTimers* pool, std::unique_ptr<Timer> inner)
        : TimerProxy(std::move(inner)), pool_(pool) {}
    bool Reset(PoolClock::time_point when) override {
      std::lock_guard<std::mutex> lock(pool_->mutex_);
      if (pool_->mended_) return TimerProxy::Reset(when);
      return !pool_->forgotten_.insert_or_assign(this, when).second;
    }
    bool Stop() override {
      std::lock_guard<std::mutex> lock(pool_->mutex_);
      return pool_->forgotten_.erase(this) != 0 || TimerProxy::Stop();
    }
    void SetAtLast(PoolClock::time_point when) { TimerProxy::Reset(when); }

   private:
    ForgetsTimers* const pool_;
  };
  std::mutex mutex_;
  std::map<ForgottenTimer*, PoolClock::time_point> forgotten_;
  bool mended_ = false;
};

// Keeps the event of one wait to itself.
class LosesAnEvent : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  void SubmitOnReadable(int fd, PoolClock::time_point deadline,
                        Done done) override {
    if (deadline != PoolClock::time_point::max() || !IsTurn(3)) {
      BrokenPool::SubmitOnReadable(fd, deadline, std::move(done));
      return;
    }
    std::lock_guard<std::mutex> lock(mutex_);
    lost_fd_ = fd;
    lost_ = std::move(done);
  }
  void Mend() override {
    std::lock_guard<std::mutex> lock(mutex_);
    BrokenPool::SubmitOnReadable(lost_fd_, PoolClock::time_point::max(),
                                 std::move(lost_));
  }

 private:
  std::mutex mutex_;
  int lost_fd_ = -1;
  Done lost_;
};

// Tells every wait at once that its descriptor is ready.
class InventsEvents : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  void SubmitOnReadable(int, PoolClock::time_point, Done done) override {
    BrokenPool::Submit(
        [done = std::move(done)]() mutable { done(Event::kReady); });
  }
};

// A blocked task keeps its place.
class KeepsPlaces : public BrokenPool {
 public:
  explicit KeepsPlaces(int parallelism)
      : BrokenPool(parallelism), said_(parallelism) {}
  int Parallelism() const override { return said_; }
  void RunBlocking(bool expect_long,
                   absl::FunctionRef<void()> blocks) override {
    if (mended_.load()) return BrokenPool::RunBlocking(expect_long, blocks);
    blocks();
  }
  void Mend() override {
    mended_.store(true);
    BrokenPool::Resize(2 * said_);  // For those who keep theirs now.
  }

 private:
  const int said_;
  std::atomic<bool> mended_{false};
};

// A thread that was given up runs on.
class KeepsSpoiltThreads : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  void RunLocked(bool, PoolFn body) override { body(); }
};

class RunsIdleWorkFirst : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  void SubmitIdle(PoolFn fn) override { BrokenPool::Submit(std::move(fn)); }
  int Limit() const override { return 1000; }  // So that only order is wrong.
};

class IgnoresTheIdleLimit : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  void SubmitIdle(PoolFn fn) override { BrokenPool::Submit(std::move(fn)); }
  int Limit() const override { return 1; }
};

class LeaksACounter : public BrokenPool, public WhiteBoxPool {
 public:
  using BrokenPool::BrokenPool;
  const WhiteBoxPool* AsWhiteBox() const override { return this; }
  PoolSnapshot Snapshot() const override { return {}; }
  std::vector<std::pair<std::string, double>> Counters() const override {
    return {};
  }
  std::string StateDump() const override { return ""; }
  std::string FlightRecord() const override { return ""; }
  std::string CheckQuiescent() const override { return "nmspinning is 1"; }
};

// Says that it has finished, and has not.
class ShutsDownTooSoon : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  bool Shutdown(PoolClock::time_point) override {
    BrokenPool::Shutdown(PoolClock::now());
    return true;
  }
};

// Runs on its caller what comes too late.
class AcceptsAfterShutdown : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  bool Submit(PoolFn fn) override {
    if (!over_.load()) return BrokenPool::Submit(std::move(fn));
    fn();
    return true;
  }
  bool Shutdown(PoolClock::time_point deadline) override {
    const bool complete = BrokenPool::Shutdown(deadline);
    over_.store(true);
    return complete;
  }

 private:
  std::atomic<bool> over_{false};
};

// Refuses the children of its own tasks while it shuts down.
class RefusesChildrenInShutdown : public BrokenPool {
 public:
  using BrokenPool::BrokenPool;
  bool Submit(PoolFn fn) override {
    return !refusing_.load() && BrokenPool::Submit(std::move(fn));
  }
  bool Shutdown(PoolClock::time_point deadline) override {
    refusing_.store(true);
    return BrokenPool::Shutdown(deadline);
  }

 private:
  std::atomic<bool> refusing_{false};
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_BROKEN_POOLS_H_
