// WakeClock: from just before a task is submitted, or its event caused, to its
// first statement, of those tasks that found a free worker and no queue: what a
// wakeup costs whoever waits for it.
//
// From outside, so for every pool: it goes by the Judge's counts, which are
// askew while tasks move. A task that is taken by a worker that was about to
// look anyway counts too. It measures on tasks that the Judge tells apart.
#ifndef REVEILLE_STRESS_WAKE_CLOCK_H_
#define REVEILLE_STRESS_WAKE_CLOCK_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "stress/histogram.h"
#include "stress/oracles/oracle.h"
#include "stress/pools/pool.h"

namespace reveille::stress {

class WakeClock final : public TaskObserver {
 public:
  // Tells apart as many tasks as `judge`, which it does not yet observe.
  explicit WakeClock(const Judge* judge);

  // From here on tasks go to `pool`, which outlives the round. No task moves.
  void Begin(const Pool* pool) { pool_ = pool; }

  void Queued(uint32_t task) override;
  void Started(uint32_t task) override;

  // Nanoseconds. Any thread; exact when no task moves.
  Histogram latencies() const;

 private:
  bool MeetsAFreeWorker() const;

  const Judge* const judge_;
  const Pool* pool_ = nullptr;
  // When it was queued; 0: it is not measured.
  const std::unique_ptr<std::atomic<int64_t>[]> queued_ns_;
  std::array<std::atomic<uint64_t>, Histogram::kBuckets> buckets_ = {};
  std::atomic<int64_t> longest_ns_{0};
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_WAKE_CLOCK_H_
