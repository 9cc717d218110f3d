#include "stress/pools/mpg_pool.h"

#include <coroutine>
#include <utility>

#include "absl/status/status.h"

namespace reveille::stress {
namespace {

constexpr size_t kFlightEvents = 4096;

Options ToOptions(const PoolConfig& config) {
  Options options;
  options.procs = config.parallelism;
  options.sysmon_netpoll = config.rescuers;
  options.sysmon_retake = config.rescuers;
  options.sysmon_preempt = config.rescuers;
  if (!config.patient_search) options.spin_rounds = 0;
  if (config.flight_recorder) options.flight_recorder_events = kFlightEvents;
  return options;
}

NetpollPool::Event ToEvent(Wake wake) {
  switch (wake) {
    case Wake::kReady:
      return NetpollPool::Event::kReady;
    case Wake::kTimedOut:
      return NetpollPool::Event::kTimedOut;
    case Wake::kClosed:
      return NetpollPool::Event::kClosed;
    case Wake::kBusy:
      return NetpollPool::Event::kBusy;
    case Wake::kCancelled:
    case Wake::kFailed:
      break;
  }
  return NetpollPool::Event::kFailed;
}

// One of those that were submitted and have not begun to wait, until it is
// destroyed: by its begin, or with a task that never runs.
class NotBegun {
 public:
  explicit NotBegun(std::atomic<uint32_t>* count) : count_(count) {
    count_->fetch_add(1);
  }
  NotBegun(NotBegun&& other) noexcept
      : count_(std::exchange(other.count_, nullptr)) {}
  ~NotBegun() {
    if (count_ != nullptr && count_->fetch_sub(1) == 1) count_->notify_all();
  }

 private:
  std::atomic<uint32_t>* count_;
};

// FdOperation, and word of its begin. From the arming on the frame, with this
// in it, belongs to whoever wakes the task.
class AnnouncedWait {
 public:
  AnnouncedWait(int fd, FdOperation::Direction direction,
                PoolClock::time_point deadline, NotBegun not_begun)
      : wait_(fd, direction, deadline), not_begun_(std::move(not_begun)) {}
  bool await_ready() { return wait_.await_ready(); }
  bool await_suspend(std::coroutine_handle<> handle) {
    const NotBegun ends_here = std::move(not_begun_);
    return wait_.await_suspend(handle);
  }
  Wake await_resume() { return wait_.await_resume(); }

 private:
  FdOperation wait_;
  NotBegun not_begun_;
};

Task<> AwaitFd(int fd, FdOperation::Direction direction,
               PoolClock::time_point deadline, NotBegun not_begun,
               MpgPool::Done done) {
  const Wake wake =
      co_await AnnouncedWait(fd, direction, deadline, std::move(not_begun));
  done(ToEvent(wake));
}

Task<> YieldBetween(absl::AnyInvocable<bool()> step) {
  while (step()) co_await Yield();
}

void YieldBlockingBetween(absl::AnyInvocable<bool()>& step) {
  while (step()) Yield().Block();
}

class MpgTimer final : public TimerPool::Timer {
 public:
  MpgTimer(Scheduler* scheduler, std::function<void()> callback)
      : timer_(scheduler, std::move(callback)) {}
  bool Reset(PoolClock::time_point when) override { return timer_.Reset(when); }
  bool Stop() override { return timer_.Stop(); }

 private:
  reveille::Timer timer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Pool>> MpgPool::Create(
    const PoolConfig& config) {
  auto scheduler = Scheduler::Create(ToOptions(config));
  if (!scheduler.ok()) return scheduler.status();
  if (config.flight_recorder) (*scheduler)->EnableFlightRecorder(true);
  return std::make_unique<MpgPool>(*std::move(scheduler));
}

MpgPool::MpgPool(std::unique_ptr<Scheduler> scheduler)
    : scheduler_(std::move(scheduler)),
      idle_limit_(static_cast<int>(scheduler_->GetStats().idle_limit)) {}

bool MpgPool::Submit(PoolFn fn) {
  return scheduler_->Spawn(std::move(fn)).ok();
}

int MpgPool::Parallelism() const { return scheduler_->procs(); }

bool MpgPool::Shutdown(PoolClock::time_point deadline) {
  const Scheduler::ShutdownReport report = scheduler_->Shutdown(deadline);
  return report.dropped == 0 && report.unfinished.empty();
}

void MpgPool::SubmitOnReadable(int fd, PoolClock::time_point deadline,
                               Done done) {
  scheduler_
      ->Spawn(AwaitFd(fd, FdOperation::Direction::kRead, deadline,
                      NotBegun(&waits_not_begun_), std::move(done)))
      .IgnoreError();
}

void MpgPool::SubmitOnWritable(int fd, PoolClock::time_point deadline,
                               Done done) {
  scheduler_
      ->Spawn(AwaitFd(fd, FdOperation::Direction::kWrite, deadline,
                      NotBegun(&waits_not_begun_), std::move(done)))
      .IgnoreError();
}

void MpgPool::Close(int fd) {
  while (const uint32_t n = waits_not_begun_.load()) waits_not_begun_.wait(n);
  scheduler_->CloseFd(fd);
}

std::unique_ptr<TimerPool::Timer> MpgPool::NewTimer(
    std::function<void()> callback) {
  return std::make_unique<MpgTimer>(scheduler_.get(), std::move(callback));
}

void MpgPool::RunBlocking(bool expect_long, absl::FunctionRef<void()> blocks) {
  BlockingSection section(expect_long ? BlockingSection::Expect::kLong
                                      : BlockingSection::Expect::kShort);
  blocks();
}

void MpgPool::RunLocked(bool discard, PoolFn body) {
  ThreadLock lock;
  if (discard) lock.DiscardThread();
  body();
}

void MpgPool::Resize(int parallelism) {
  scheduler_->SetMaxProcs(parallelism).IgnoreError();
}

void MpgPool::SubmitYielding(absl::AnyInvocable<bool()> step) {
  if (yielding_tasks_.fetch_add(1) % 2 == 0) {
    scheduler_->Spawn(YieldBetween(std::move(step))).IgnoreError();
  } else {
    scheduler_
        ->Spawn(
            [step = std::move(step)]() mutable { YieldBlockingBetween(step); })
        .IgnoreError();
  }
}

void MpgPool::SubmitIdle(PoolFn fn) {
  scheduler_->Spawn(std::move(fn), {.idle_priority = true}).IgnoreError();
}

bool MpgPool::SubmitBatch(std::vector<PoolFn> fns) {
  Batch batch(scheduler_.get());
  for (PoolFn& fn : fns) batch.Add(std::move(fn));
  const bool complete = batch.size() == static_cast<int>(fns.size());
  return complete && batch.Spawn().ok();
}

REVEILLE_POOL("mpg", MpgPool::Create);

}  // namespace reveille::stress
