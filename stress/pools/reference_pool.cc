#include "stress/pools/reference_pool.h"

#include <algorithm>
#include <utility>

namespace reveille::stress {
namespace {

thread_local const ReferencePool* current_pool = nullptr;
thread_local bool thread_is_spoilt = false;

}  // namespace

class ReferencePool::PendingTimer final : public TimerPool::Timer {
 public:
  PendingTimer(ReferencePool* pool, std::function<void()> callback)
      : pool_(pool), callback_(std::move(callback)) {}
  ~PendingTimer() override { Stop(); }
  bool Reset(PoolClock::time_point when) override {
    return pool_->SetTimer(this, &when);
  }
  bool Stop() override { return pool_->SetTimer(this, nullptr); }

 private:
  friend class ReferencePool;
  ReferencePool* const pool_;
  const std::function<void()> callback_;
  bool pending_ = false;
  decltype(ReferencePool::timers_)::iterator place_;
};

ReferencePool::ReferencePool(int parallelism)
    : parallelism_(parallelism), netpoll_([this](PoolFn fn) {
        Lock lock(mutex_);
        Enqueue(std::move(fn));
      }) {
  Lock lock(mutex_);
  StartThreads();
}

ReferencePool::~ReferencePool() {
  Lock lock(mutex_);
  refusing_ = true;
  End(&lock);
}

bool ReferencePool::IsRefused() const {
  return refusing_ && current_pool != this;
}

bool ReferencePool::IsQuiet() const {
  return queue_.empty() && idle_queue_.empty() && running_ == 0 &&
         blocked_ == 0;
}

bool ReferencePool::HasRoom() const {
  return running_ + returning_ < parallelism_;
}

void ReferencePool::Enqueue(PoolFn fn) {
  queue_.push_back(std::move(fn));
  changed_.notify_all();
}

bool ReferencePool::Submit(PoolFn fn) {
  Lock lock(mutex_);
  if (IsRefused()) return false;
  Enqueue(std::move(fn));
  return true;
}

bool ReferencePool::SubmitBatch(std::vector<PoolFn> fns) {
  Lock lock(mutex_);
  if (IsRefused()) return false;
  for (PoolFn& fn : fns) Enqueue(std::move(fn));
  return true;
}

void ReferencePool::SubmitIdle(PoolFn fn) {
  Lock lock(mutex_);
  idle_queue_.push_back(std::move(fn));
  changed_.notify_all();
}

int ReferencePool::Limit() const { return std::max(1, Parallelism() / 4); }

void ReferencePool::SubmitYielding(absl::AnyInvocable<bool()> step) {
  Lock lock(mutex_);
  Enqueue([this, step = std::move(step)]() mutable {
    if (step()) SubmitYielding(std::move(step));
  });
}

int ReferencePool::Parallelism() const {
  Lock lock(mutex_);
  return parallelism_;
}

void ReferencePool::Resize(int parallelism) {
  Lock lock(mutex_);
  parallelism_ = parallelism;
  StartThreads();
  changed_.notify_all();
}

void ReferencePool::RunBlocking(bool /*expect_long*/,
                                absl::FunctionRef<void()> blocks) {
  Lock lock(mutex_);
  --running_;
  ++blocked_;
  StartThreads();
  changed_.notify_all();
  lock.unlock();
  blocks();
  lock.lock();
  ++returning_;
  changed_.wait(lock, [this] { return running_ < parallelism_; });
  --returning_;
  --blocked_;
  ++running_;
}

void ReferencePool::RunLocked(bool discard, PoolFn body) {
  body();
  if (discard) thread_is_spoilt = true;
}

std::unique_ptr<TimerPool::Timer> ReferencePool::NewTimer(
    std::function<void()> callback) {
  return std::make_unique<PendingTimer>(this, std::move(callback));
}

// Sets or, with null, stops. True when it was pending.
bool ReferencePool::SetTimer(PendingTimer* timer,
                             const PoolClock::time_point* when) {
  Lock lock(mutex_);
  const bool was_pending = std::exchange(timer->pending_, when != nullptr);
  if (was_pending) timers_.erase(timer->place_);
  if (when != nullptr) {
    timer->place_ = timers_.emplace(*when, timer);
    changed_.notify_all();
  }
  return was_pending;
}

void ReferencePool::QueueDueTimers() {
  if (timers_.empty()) return;
  const PoolClock::time_point now = PoolClock::now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    PendingTimer* const timer = timers_.begin()->second;
    timers_.erase(timers_.begin());
    timer->pending_ = false;
    Enqueue(timer->callback_);
  }
}

void ReferencePool::StartThreads() {
  const size_t wanted =
      static_cast<size_t>(parallelism_) + static_cast<size_t>(blocked_);
  while (threads_.size() < wanted && !ending_) {
    const auto self = threads_.emplace(threads_.end());
    *self = std::thread([this, self] { Work(self); });
  }
}

void ReferencePool::Work(Threads::iterator self) {
  current_pool = this;
  Lock lock(mutex_);
  while (!ending_ && !thread_is_spoilt) {
    QueueDueTimers();
    if (HasRoom() && !queue_.empty()) {
      RunNext(&lock);
    } else if (HasRoom() && !idle_queue_.empty() &&
               idle_running_ < std::max(1, parallelism_ / 4)) {
      RunNextIdle(&lock);
    } else {
      Sleep(&lock);
    }
  }
  if (!ending_) Discard(self);
}

// The last act of a spoilt thread. It leaves a permit without a look at the
// queue, so others have to look. The spoilt ones before it hold nothing any
// more.
void ReferencePool::Discard(Threads::iterator self) {
  changed_.notify_all();
  for (std::thread& thread : ended_) thread.join();
  ended_.clear();
  ended_.splice(ended_.end(), threads_, self);
  StartThreads();
}

void ReferencePool::RunNext(Lock* lock) {
  PoolFn fn = std::move(queue_.front());
  queue_.pop_front();
  Run(std::move(fn), lock);
}

void ReferencePool::RunNextIdle(Lock* lock) {
  PoolFn fn = std::move(idle_queue_.front());
  idle_queue_.pop_front();
  ++idle_running_;
  Run(std::move(fn), lock);
  --idle_running_;
}

void ReferencePool::Run(PoolFn fn, Lock* lock) {
  ++running_;
  lock->unlock();
  fn();
  fn = nullptr;  // Its captures die outside of the lock.
  lock->lock();
  --running_;
  if (returning_ > 0 || refusing_) changed_.notify_all();
}

void ReferencePool::Sleep(Lock* lock) {
  if (timers_.empty()) {
    changed_.wait(*lock);
  } else {
    const PoolClock::time_point first = timers_.begin()->first;  // It may go.
    changed_.wait_until(*lock, first);
  }
}

bool ReferencePool::Shutdown(PoolClock::time_point deadline) {
  Lock lock(mutex_);
  refusing_ = true;
  const bool quiet =
      changed_.wait_until(lock, deadline, [this] { return IsQuiet(); });
  End(&lock);
  return quiet;
}

void ReferencePool::End(Lock* lock) {
  ending_ = true;
  changed_.notify_all();
  Threads all;
  all.splice(all.end(), threads_);
  all.splice(all.end(), ended_);
  lock->unlock();
  for (std::thread& thread : all) thread.join();
  netpoll_.Stop();
}

namespace {
absl::StatusOr<std::unique_ptr<Pool>> Create(const PoolConfig& config) {
  if (config.parallelism < 1) {
    return absl::InvalidArgumentError("parallelism must be at least 1");
  }
  return std::make_unique<ReferencePool>(config.parallelism);
}
}  // namespace

REVEILLE_POOL("reference", Create);

}  // namespace reveille::stress
