#include "stress/watchdog.h"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "stress/build_lens.h"
#include "stress/chaos.h"
#include "stress/thread_sample.h"

namespace reveille::stress {
namespace {

int64_t NowNs() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

void SleepNs(int64_t ns) {
  const timespec ts = {static_cast<time_t>(ns / 1'000'000'000),
                       static_cast<long>(ns % 1'000'000'000)};
  nanosleep(&ts, nullptr);
}

// Between samples the watchdog must leave the processor to the pool.
constexpr int64_t kIdlePerCost = 19;

}  // namespace

WatchdogOptions DefaultWatchdogOptions() {
  WatchdogOptions options;
  if (kSlowLens) {
    options.white.enough_cpu_ns *= 10;
    options.white.sightings *= 2;
    options.white.timer_grace_ns *= 5;
  }
  return options;
}

Watchdog::Watchdog(WatchdogOptions options, OnVerdict on_verdict)
    : options_(options),
      on_verdict_(std::move(on_verdict)),
      white_(options.white),
      black_(options.black),
      thread_(&Watchdog::Run, this) {}

Watchdog::~Watchdog() {
  stop_.store(true);
  thread_.join();
}

void Watchdog::Begin(Pool* pool, const Judge* judge) {
  std::lock_guard<std::mutex> lock(mutex_);
  pool_ = pool;
  judge_ = judge;
  in_round_ = true;
  fired_ = false;
  last_sample_ns_ = 0;
  white_.Forget();
  black_.Forget();
  if (pool != nullptr && pool->AsWhiteBox() != nullptr) {
    report_.white_box = true;
  }
}

void Watchdog::End() {
  std::lock_guard<std::mutex> lock(mutex_);
  Settle();
  HoldStalls(&black_suspects_, false);
  CloseGap(NowNs());
  pool_ = nullptr;
  judge_ = nullptr;
  in_round_ = false;
}

WatchdogReport Watchdog::report() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return ReportLocked();
}

WatchdogReport Watchdog::ReportLocked() const {
  WatchdogReport report = report_;
  if (intervals_ > 0) report.resolution_ns = sampled_ns_ / intervals_;
  return report;
}

int64_t Watchdog::RestNs() const {
  if (white_suspects_) return options_.period_ns;
  return std::clamp(cost_ns_ * kIdlePerCost, options_.period_ns,
                    options_.slow_period_ns);
}

void Watchdog::Run() {
  ObserverThread observer("rv-watchdog");
  prctl(PR_SET_TIMERSLACK, 1000);
  while (!stop_.load()) {
    int64_t rest_ns;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      Sample();
      rest_ns = RestNs();
    }
    SleepNs(rest_ns);
  }
}

void Watchdog::Sample() {
  if (!in_round_ || fired_) return;
  SampleWhiteBox();
  const int64_t now_ns = NowNs();
  if (fired_ || now_ns - last_slow_ns_ < options_.slow_period_ns) return;
  last_slow_ns_ = now_ns;
  SampleBlackBox();
}

void Watchdog::SampleWhiteBox() {
  const WhiteBoxPool* white = pool_ ? pool_->AsWhiteBox() : nullptr;
  if (white == nullptr) return;
  const int64_t began_ns = NowNs();
  PoolSnapshot snapshot = white->Snapshot();
  cost_ns_ += (NowNs() - began_ns - cost_ns_) / 16;
  MeasureGap(snapshot);
  const Symptom symptom = white_.Look(snapshot);
  const bool again = symptom != Symptom::kNone && symptom == last_symptom_ &&
                     snapshot.steps == last_steps_;
  last_symptom_ = symptom;
  last_steps_ = snapshot.steps;
  if (again) {
    Suspect(snapshot);
  } else {
    Settle();
  }
}

void Watchdog::MeasureGap(const PoolSnapshot& snapshot) {
  ++report_.samples;
  if (last_sample_ns_ != 0) {
    ++intervals_;
    sampled_ns_ += snapshot.time_ns - last_sample_ns_;
  }
  last_sample_ns_ = snapshot.time_ns;
  const bool gap =
      snapshot.idle > 0 && snapshot.runnable > 0 && !snapshot.stopping_world;
  if (!gap) return CloseGap(snapshot.time_ns);
  ++report_.gap_samples;
  if (gap_began_ns_ == 0) gap_began_ns_ = snapshot.time_ns;
}

void Watchdog::CloseGap(int64_t now_ns) {
  if (gap_began_ns_ == 0) return;
  report_.gaps.Add(now_ns - gap_began_ns_);
  gap_began_ns_ = 0;
}

void Watchdog::Suspect(const PoolSnapshot& snapshot) {
  HoldStalls(&white_suspects_, true);
  const std::optional<Verdict> verdict = white_.Judge(See(snapshot));
  if (verdict && StillSo(*verdict)) Fire(*verdict);
}

void Watchdog::Settle() {
  white_.Forget();
  HoldStalls(&white_suspects_, false);
}

void Watchdog::HoldStalls(bool* suspecting, bool now) {
  if (*suspecting == now) return;
  *suspecting = now;
  report_.suspicions += now ? 1 : 0;
  Chaos::HoldStalls(white_suspects_ || black_suspects_);
}

void Watchdog::SampleBlackBox() {
  const WhiteBoxPool* white = pool_ ? pool_->AsWhiteBox() : nullptr;
  std::optional<PoolSnapshot> snapshot;
  if (white != nullptr) snapshot = white->Snapshot();
  const std::optional<Verdict> verdict = black_.Judge(See(std::move(snapshot)));
  HoldStalls(&black_suspects_, black_.Suspects());
  if (verdict && StillSo(*verdict)) Fire(*verdict);
}

TaskCounts Watchdog::Count() const {
  if (judge_ == nullptr) return {};
  return {judge_->submitted(), judge_->started(), judge_->finished()};
}

// A sighting looks at the pool first and at the threads last. A thread may have
// gained its processor time after the pool was looked at, and have used it to
// do what was missing: so the pool is looked at once more.
bool Watchdog::StillSo(const Verdict& verdict) const {
  if (Count() != verdict.last.tasks) return false;
  if (Chaos::StallEpoch() != verdict.last.stall_epoch) return false;
  if (!verdict.last.pool) return true;
  return pool_->AsWhiteBox()->Snapshot().steps == verdict.last.pool->steps;
}

Sighting Watchdog::See(std::optional<PoolSnapshot> snapshot) const {
  Sighting s;
  s.time_ns = NowNs();
  s.in_round = in_round_;
  s.pool = std::move(snapshot);
  s.tasks = Count();
  if (pool_ != nullptr) s.parallelism = pool_->Parallelism();
  s.stalls_active = Chaos::StallsActive();
  s.stall_epoch = Chaos::StallEpoch();
  s.threads = SampleThreads();
  return s;
}

void Watchdog::Fire(const Verdict& verdict) {
  fired_ = true;
  on_verdict_(verdict, ReportLocked());
  Settle();
  HoldStalls(&black_suspects_, false);
}

}  // namespace reveille::stress
