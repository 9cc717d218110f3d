#include "stress/testing/broken_pool.h"

#include <chrono>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "stress/thread_sample.h"

namespace reveille::stress {
namespace {

void SpinFor(std::chrono::microseconds span) {
  const auto end = std::chrono::steady_clock::now() + span;
  while (std::chrono::steady_clock::now() < end) {
  }
}

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

BrokenPool::BrokenPool(int workers, Fault fault, bool white_box)
    : workers_(workers), fault_(fault), white_box_(white_box) {
  const int started = workers_ - (fault_ == Fault::kOneWorkerTooFew ? 1 : 0);
  std::lock_guard<std::mutex> lock(mutex_);
  tids_.resize(started);
  for (int i = 0; i < started; ++i) {
    threads_.emplace_back(&BrokenPool::Work, this, i);
  }
}

BrokenPool::~BrokenPool() { End(); }

bool BrokenPool::Now(Fault fault, int every) const {
  return fault_ == fault && taken_ % every == every - 1u;
}

bool BrokenPool::Submit(PoolFn fn) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_) return false;
  ++steps_;
  queue_.push_back(std::move(fn));
  if (asleep_ <= wakes_given_ || searching_ > 0) return true;
  ++wakes_given_;
  wake_.notify_one();
  return true;
}

void BrokenPool::Work(int worker) {
  std::unique_lock<std::mutex> lock(mutex_);
  tids_[worker] = CurrentTid();
  for (;;) {
    Search(lock);
    if (!queue_.empty()) {
      RunOne(lock);
    } else if (stopping_ && fault_ != Fault::kHangsInShutdown) {
      return;
    } else {
      Sleep(lock);
    }
  }
}

// The lock is released in between, as in a pool with many queues: whoever
// submits meanwhile relies on the searcher.
void BrokenPool::Search(std::unique_lock<std::mutex>& lock) {
  ++searching_;
  ++steps_;
  lock.unlock();
  if (fault_ == Fault::kSleepsWithoutLooking) {
    SpinFor(std::chrono::microseconds(1));
  }
  lock.lock();
  ++steps_;
  if (!Now(Fault::kLeaksSearcher, 50)) --searching_;
}

void BrokenPool::RunOne(std::unique_lock<std::mutex>& lock) {
  PoolFn fn = std::move(queue_.front());
  queue_.pop_front();
  ++taken_;
  ++steps_;
  if (Now(Fault::kLosesTask, 50)) return;
  const bool twice = Now(Fault::kRunsTwice, 50);
  if (Now(Fault::kCrashes, 200)) raise(SIGSEGV);
  // Who takes one of several hands the search on.
  if (!queue_.empty() && asleep_ > wakes_given_) {
    ++wakes_given_;
    wake_.notify_one();
  }
  ++busy_;
  lock.unlock();
  fn();
  if (twice) fn();
  fn = nullptr;
  lock.lock();
  --busy_;
  ++steps_;
}

void BrokenPool::Sleep(std::unique_lock<std::mutex>& lock) {
  if (fault_ == Fault::kSleepsWithoutLooking) {
    lock.unlock();
    SpinFor(std::chrono::microseconds(100));
    lock.lock();
  }
  ++asleep_;
  ++steps_;
  const bool deaf = fault_ == Fault::kHangsInShutdown;
  while (wakes_given_ == 0 && (!stopping_ || deaf)) wake_.wait(lock);
  if (wakes_given_ > 0) --wakes_given_;
  --asleep_;
  ++steps_;
}

bool BrokenPool::Shutdown(PoolClock::time_point) {
  End();
  return true;
}

void BrokenPool::End() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

const WhiteBoxPool* BrokenPool::AsWhiteBox() const {
  return white_box_ ? this : nullptr;
}

PoolSnapshot BrokenPool::Snapshot() const {
  std::lock_guard<std::mutex> lock(mutex_);
  PoolSnapshot s;
  s.time_ns = NowNs();
  s.workers = workers_;
  // A worker that was never started is idle, as far as this pool knows.
  const int absent = workers_ - static_cast<int>(tids_.size());
  s.idle = asleep_ - wakes_given_ + absent;
  s.runnable = queue_.size();
  s.searching = searching_;
  s.in_transition = static_cast<int>(tids_.size()) - asleep_ - busy_ +
                    wakes_given_ - searching_;
  s.steps = {steps_};
  s.tids = tids_;
  return s;
}

std::vector<std::pair<std::string, double>> BrokenPool::Counters() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return {{"taken", static_cast<double>(taken_)}};
}

std::string BrokenPool::StateDump() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return absl::StrCat("queue=", queue_.size(), " asleep=", asleep_,
                      " busy=", busy_, " searching=", searching_, "\n");
}

}  // namespace reveille::stress
