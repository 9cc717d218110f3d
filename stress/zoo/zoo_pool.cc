#include "stress/zoo/zoo_pool.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace reveille::stress::zoo {
namespace {

struct Place {
  const void* pool = nullptr;
  int worker = kOutside;
  bool ends = false;
};
thread_local Place place;

}  // namespace

ZooPool::ZooPool(const PoolConfig& config, MakeDispatcher make)
    : config_(config), dispatcher_(make(this)) {
  for (int i = 0; i < config_.parallelism; ++i) AddWorker();
}

ZooPool::~ZooPool() { End(); }

int ZooPool::Parallelism() const {
  return dispatcher_->ParallelismOf(config_.parallelism);
}

YieldingPool* ZooPool::AsYielding() {
  return dispatcher_->TakesYields() ? this : nullptr;
}

BatchPool* ZooPool::AsBatch() {
  return dispatcher_->TakesBatches() ? this : nullptr;
}

int ZooPool::Self() const {
  return place.pool == this ? place.worker : kOutside;
}

void ZooPool::EndThisWorker() { place.ends = true; }

bool ZooPool::Enter(int tasks) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (refusing_ && Self() == kOutside) return false;
  open_ += tasks;
  return true;
}

void ZooPool::Leave() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (--open_ == 0 && refusing_) quiet_.notify_all();
}

PoolFn ZooPool::Leaving(PoolFn fn) {
  return [this, fn = std::move(fn)]() mutable {
    fn();
    fn = nullptr;  // Its captures die before anybody can think that it is over.
    Leave();
  };
}

PoolFn ZooPool::Counted(PoolFn fn) {
  std::lock_guard<std::mutex> lock(mutex_);
  ++open_;
  return Leaving(std::move(fn));
}

bool ZooPool::Submit(PoolFn fn) {
  if (!Enter(1)) return false;
  dispatcher_->Push(Self(), Leaving(std::move(fn)));
  return true;
}

bool ZooPool::SubmitBatch(std::vector<PoolFn> fns) {
  if (!Enter(static_cast<int>(fns.size()))) return false;
  for (PoolFn& fn : fns) fn = Leaving(std::move(fn));
  dispatcher_->PushBatch(Self(), std::move(fns));
  return true;
}

PoolFn ZooPool::Step(absl::AnyInvocable<bool()> step) {
  return [this, step = std::move(step)]() mutable {
    if (step()) {
      dispatcher_->PushYielded(Self(), Step(std::move(step)));
    } else {
      step = nullptr;
      Leave();
    }
  };
}

void ZooPool::SubmitYielding(absl::AnyInvocable<bool()> step) {
  if (Enter(1)) dispatcher_->Push(Self(), Step(std::move(step)));
}

bool ZooPool::Shutdown(PoolClock::time_point deadline) {
  bool quiet;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    refusing_ = true;
    quiet = quiet_.wait_until(lock, deadline, [this] { return open_ == 0; });
  }
  End();
  return quiet;
}

std::vector<int> ZooPool::tids() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return tids_;
}

void ZooPool::AddWorker() {
  std::lock_guard<std::mutex> lock(mutex_);
  StartWorker(workers_++);
}

void ZooPool::StartWorker(int number) {
  if (ended_) return;
  threads_.emplace_back([this, number] { Work(number); });
}

void ZooPool::Work(int number) {
  place = {this, number, false};
  {
    std::lock_guard<std::mutex> lock(mutex_);
    tids_.push_back(static_cast<int>(::syscall(SYS_gettid)));
  }
  while (PoolFn fn = dispatcher_->Next(number)) {
    fn();
    fn = nullptr;
    dispatcher_->Done(number);
    if (!place.ends) continue;
    std::lock_guard<std::mutex> lock(mutex_);
    return StartWorker(number);
  }
}

// Threads may still be added until ended_ is seen by those who add them.
void ZooPool::End() {
  std::list<std::thread> threads;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    refusing_ = true;
    ended_ = true;
    threads.swap(threads_);
  }
  if (threads.empty()) return;
  dispatcher_->Stop();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace reveille::stress::zoo
