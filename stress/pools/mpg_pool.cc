#include "stress/pools/mpg_pool.h"

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

Task<> AwaitFd(int fd, FdOperation::Direction direction,
               PoolClock::time_point deadline, MpgPool::Done done) {
  const Wake wake = co_await FdOperation(fd, direction, deadline);
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
      ->Spawn(
          AwaitFd(fd, FdOperation::Direction::kRead, deadline, std::move(done)))
      .IgnoreError();
}

void MpgPool::SubmitOnWritable(int fd, PoolClock::time_point deadline,
                               Done done) {
  scheduler_
      ->Spawn(AwaitFd(fd, FdOperation::Direction::kWrite, deadline,
                      std::move(done)))
      .IgnoreError();
}

void MpgPool::Close(int fd) { scheduler_->CloseFd(fd); }

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
