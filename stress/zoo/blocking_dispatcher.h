// BlockingDispatcher: tasks may block. A task runs while it holds one of P
// permits; one that blocks lends its permit, and needs one again to go on.
// There are more threads than permits then. Derived classes decide who is told
// when a permit becomes free or a task comes; they are called with the mutex
// held.
#ifndef REVEILLE_STRESS_ZOO_BLOCKING_DISPATCHER_H_
#define REVEILLE_STRESS_ZOO_BLOCKING_DISPATCHER_H_

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "stress/zoo/dispatcher.h"

namespace reveille::stress::zoo {

class BlockingDispatcher : public Dispatcher, private BlockingPool {
 public:
  explicit BlockingDispatcher(Crew* crew)
      : crew_(crew), permits_(crew->parallelism()), workers_(permits_) {}

  BlockingPool* AsBlocking() final { return this; }

  void Push(int, PoolFn fn) final {
    Lock lock(mutex_);
    queue_.push_back(std::move(fn));
    OnChange();
  }
  PoolFn Next(int) final {
    Lock lock(mutex_);
    ++idle_;
    changed_.wait(lock, [this] { return stopping_ || HasRoomAndWork(); });
    --idle_;
    if (stopping_) return nullptr;
    ++running_;
    PoolFn fn = std::move(queue_.front());
    queue_.pop_front();
    return fn;
  }
  void Done(int) final {
    Lock lock(mutex_);
    --running_;
    OnChange();
  }
  void Stop() final {
    Lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }

 protected:
  // There is a task or a permit more.
  virtual void OnChange() = 0;
  // A task has given up its permit, since it is about to block.
  virtual void OnBlock() = 0;

  // So that there are P that do not block.
  void StartMissingWorkers() {
    for (; workers_ < permits_ + blocked_; ++workers_) crew_->AddWorker();
  }
  int idle() const { return idle_; }
  std::condition_variable& changed() { return changed_; }

 private:
  using Lock = std::unique_lock<std::mutex>;

  // Who comes back from blocking is not overtaken.
  bool HasRoomAndWork() const {
    return running_ + returning_ < permits_ && !queue_.empty();
  }

  void RunBlocking(bool, absl::FunctionRef<void()> blocks) final {
    {
      Lock lock(mutex_);
      --running_;
      ++blocked_;
      OnBlock();
    }
    blocks();
    Lock lock(mutex_);
    ++returning_;
    changed_.wait(lock, [this] { return running_ < permits_; });
    --returning_;
    --blocked_;
    ++running_;
  }
  void RunLocked(bool discard, PoolFn body) final {
    body();
    if (discard) crew_->EndThisWorker();
  }

  Crew* const crew_;
  const int permits_;
  std::mutex mutex_;
  // For all: workers without a task, and tasks without a permit.
  std::condition_variable changed_;
  std::deque<PoolFn> queue_;
  int workers_;
  int running_ = 0;    // Permits taken.
  int blocked_ = 0;    // Tasks that block, or come back from it.
  int returning_ = 0;  // Of those, the ones that wait for a permit.
  int idle_ = 0;       // Workers that wait for a task.
  bool stopping_ = false;
};

}  // namespace reveille::stress::zoo

#endif  // REVEILLE_STRESS_ZOO_BLOCKING_DISPATCHER_H_
