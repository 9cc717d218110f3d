// The smallest pool of all: a thread for each task, one task after the other.
#include <mutex>
#include <thread>
#include <utility>

#include "stress/pools/pool.h"

namespace {

using reveille::stress::Pool;
using reveille::stress::PoolClock;
using reveille::stress::PoolConfig;
using reveille::stress::PoolFn;

class ThreadPerTask final : public Pool {
 public:
  ~ThreadPerTask() override { Shutdown(PoolClock::time_point::max()); }

  bool Submit(PoolFn fn) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (over_) return false;
    if (last_.joinable()) last_.join();
    last_ = std::thread(std::move(fn));
    return true;
  }
  int Parallelism() const override { return 1; }
  bool Shutdown(PoolClock::time_point) override {
    std::lock_guard<std::mutex> lock(mutex_);
    over_ = true;
    if (last_.joinable()) last_.join();
    return true;
  }

 private:
  std::mutex mutex_;
  bool over_ = false;
  std::thread last_;
};

absl::StatusOr<std::unique_ptr<Pool>> Create(const PoolConfig&) {
  return std::make_unique<ThreadPerTask>();
}

REVEILLE_POOL("thread-per-task", Create);

}  // namespace
