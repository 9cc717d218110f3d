// Watchdog: the thread that watches a pool under stress and says when work is
// stranded.
//
// It samples (I) fast: the pool's own snapshot, for the conservation gap and
// for the white-box rule; and (II) slowly: the Judge's counts and the kernel's
// view of the threads, for the black-box rule. The rules are in
// watchdog_rules.h. A suspicion holds new chaos stalls back until it is
// settled, so that there is something to observe.
//
// Conservation gap: how long a P was idle while work was runnable, from the
// first sample that saw it to the first that no longer did. Exact to one period
// of sampling; two gaps with less than a period between them count as one, so
// it is an upper bound under churn.
#ifndef REVEILLE_STRESS_WATCHDOG_H_
#define REVEILLE_STRESS_WATCHDOG_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "stress/histogram.h"
#include "stress/oracles/oracle.h"
#include "stress/pools/pool.h"
#include "stress/sighting.h"
#include "stress/watchdog_rules.h"

namespace reveille::stress {

struct WatchdogOptions {
  // Time between snapshots of a white-box pool. When a snapshot costs more
  // than a twentieth of it, the period grows until it does not.
  int64_t period_ns = 500'000;
  int64_t slow_period_ns = 20'000'000;
  WhiteBoxOptions white;
  BlackBoxOptions black;
};

// The options that fit this build: sanitizers make every step slower.
WatchdogOptions DefaultWatchdogOptions();

struct WatchdogReport {
  Histogram gaps;             // Nanoseconds.
  int64_t resolution_ns = 0;  // Mean time between samples that were taken.
  uint64_t samples = 0;       // Snapshots of a white-box pool.
  uint64_t gap_samples = 0;   // ... that saw a P idle and work runnable.
  uint64_t suspicions = 0;
  bool white_box = false;
};

class Watchdog {
 public:
  using OnVerdict = std::function<void(const Verdict&, const WatchdogReport&)>;

  // `on_verdict` runs on the watchdog's thread, at most once between Begin()
  // and End(). Until it returns, End() waits; it must not call back.
  Watchdog(WatchdogOptions options, OnVerdict on_verdict);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // From here on the round of `pool` counted by `judge` is judged. Either may
  // be null: a pool that is being made or destroyed is judged from outside.
  void Begin(Pool* pool, const Judge* judge);
  // Returns when the watchdog no longer looks at either.
  void End();

  WatchdogReport report() const;

 private:
  void Run();
  void Sample();
  void SampleWhiteBox();
  void SampleBlackBox();
  void MeasureGap(const PoolSnapshot& snapshot);
  void CloseGap(int64_t now_ns);
  void Suspect(const PoolSnapshot& snapshot);
  void Settle();
  // A rule suspects something: new stalls wait until neither does.
  void HoldStalls(bool* suspecting, bool now);
  TaskCounts Count() const;
  Sighting See(std::optional<PoolSnapshot> snapshot) const;
  bool StillSo(const Verdict& verdict) const;
  void Fire(const Verdict& verdict);
  int64_t RestNs() const;
  WatchdogReport ReportLocked() const;

  const WatchdogOptions options_;
  const OnVerdict on_verdict_;

  mutable std::mutex mutex_;  // Guards all below up to stop_.
  Pool* pool_ = nullptr;
  const Judge* judge_ = nullptr;
  bool in_round_ = false;
  bool fired_ = false;
  WhiteBoxRule white_;
  BlackBoxRule black_;
  Symptom last_symptom_ = Symptom::kNone;
  std::vector<uint64_t> last_steps_;
  bool white_suspects_ = false;
  bool black_suspects_ = false;
  int64_t gap_began_ns_ = 0;    // 0: no gap now.
  int64_t last_sample_ns_ = 0;  // 0: none yet in this round.
  int64_t last_slow_ns_ = 0;
  int64_t cost_ns_ = 0;     // Running mean of what a snapshot takes.
  int64_t intervals_ = 0;   // Between samples of the same round.
  int64_t sampled_ns_ = 0;  // ... and their sum.
  WatchdogReport report_;

  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_WATCHDOG_H_
