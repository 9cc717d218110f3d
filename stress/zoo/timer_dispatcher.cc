#include "stress/zoo/timer_dispatcher.h"

#include "absl/strings/str_cat.h"

namespace reveille::stress::zoo {

class TimerDispatcher::PendingTimer final : public TimerPool::Timer {
 public:
  PendingTimer(TimerDispatcher* dispatcher, std::function<void()> callback)
      : dispatcher_(dispatcher),
        callback_(
            std::make_shared<std::function<void()>>(std::move(callback))) {}
  ~PendingTimer() override {
    Stop();
    dispatcher_->Forget(this);
  }
  bool Reset(TimePoint when) override { return dispatcher_->Set(this, &when); }
  bool Stop() override { return dispatcher_->Set(this, nullptr); }

 private:
  friend class TimerDispatcher;
  TimerDispatcher* const dispatcher_;
  // Shared with the callbacks that are on their way.
  const std::shared_ptr<std::function<void()>> callback_;
  bool pending_ = false;
  uint64_t generation_ = 0;
  Timers::iterator place_;
};

std::unique_ptr<TimerPool::Timer> TimerDispatcher::NewTimer(
    std::function<void()> callback) {
  return std::make_unique<PendingTimer>(this, std::move(callback));
}

bool TimerDispatcher::IsValid(const Entry& entry) const {
  return entry.timer->pending_ && entry.timer->generation_ == entry.generation;
}

bool TimerDispatcher::IsPending(const Entry& entry) {
  return entry.timer->pending_;
}

bool TimerDispatcher::Set(PendingTimer* timer, const TimePoint* when) {
  Lock lock(mutex_);
  const bool was_pending = std::exchange(timer->pending_, when != nullptr);
  if (was_pending && !KeepsStale()) timers_.erase(timer->place_);
  if (when != nullptr) {
    timer->place_ = timers_.emplace(
        *when, Entry{timer, crew_->Self(), ++timer->generation_});
    OnTimer(timer->place_);
  }
  Publish();
  return was_pending;
}

void TimerDispatcher::Forget(const PendingTimer* timer) {
  Lock lock(mutex_);
  std::erase_if(timers_,
                [timer](const auto& at) { return at.second.timer == timer; });
  Publish();
}

void TimerDispatcher::QueueDueTimers(int self) {
  if (timers_.empty()) return;
  const TimePoint now = PoolClock::now();
  for (auto at = timers_.begin(); at != timers_.end() && at->first <= now;) {
    const Entry entry = at->second;
    if (!Sees(self, entry)) {
      ++at;
      continue;
    }
    at = timers_.erase(at);
    if (!IsValid(entry)) continue;
    entry.timer->pending_ = false;
    queue_.push_back(
        crew_->Counted([callback = entry.timer->callback_] { (*callback)(); }));
    OnTask();
  }
  Publish();
}

TimerDispatcher::TimePoint TimerDispatcher::FirstDeadline(int self) const {
  for (const auto& [when, entry] : timers_) {
    if (Sees(self, entry)) return when;
  }
  return TimePoint::max();
}

void TimerDispatcher::Push(int, PoolFn fn) {
  Lock lock(mutex_);
  queue_.push_back(std::move(fn));
  OnTask();
  Publish();
}

PoolFn TimerDispatcher::Next(int self) {
  Lock lock(mutex_);
  while (!stopping_) {
    QueueDueTimers(self);
    if (!queue_.empty()) {
      PoolFn fn = std::move(queue_.front());
      queue_.pop_front();
      OnLeave(self);
      Publish();
      return fn;
    }
    idle_.fetch_add(1);
    Sleep(self, &lock);
    idle_.fetch_sub(1);
    steps_.fetch_add(1);
  }
  return nullptr;
}

void TimerDispatcher::Stop() {
  Lock lock(mutex_);
  stopping_ = true;
  OnStop();
}

void TimerDispatcher::Publish() {
  runnable_.store(queue_.size());
  first_ns_.store(
      timers_.empty() ? 0 : timers_.begin()->first.time_since_epoch().count());
  steps_.fetch_add(1);
}

PoolSnapshot TimerDispatcher::Snapshot() const {
  PoolSnapshot snapshot;
  snapshot.time_ns = PoolClock::now().time_since_epoch().count();
  snapshot.workers = crew_->parallelism();
  snapshot.idle = idle_.load();
  snapshot.runnable = runnable_.load();
  snapshot.next_timer_ns = first_ns_.load();
  snapshot.steps = {steps_.load()};
  snapshot.tids = crew_->tids();
  return snapshot;
}

std::vector<std::pair<std::string, double>> TimerDispatcher::Counters() const {
  return {{"steps", static_cast<double>(steps_.load())}};
}

std::string TimerDispatcher::StateDump() const {
  return absl::StrCat(idle_.load(), " idle, ", runnable_.load(),
                      " runnable, first timer at ", first_ns_.load(), " ns\n");
}

std::string TimerDispatcher::CheckQuiescent() const {
  const uint64_t runnable = runnable_.load();
  return runnable == 0 ? "" : absl::StrCat(runnable, " tasks are queued");
}

}  // namespace reveille::stress::zoo
