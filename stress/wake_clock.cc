#include "stress/wake_clock.h"

#include <time.h>

#include <algorithm>

namespace reveille::stress {
namespace {

// Of the Judge's kind, for its reason: what measures must not order what the
// pool under test does. Read back when nothing moves, which the Judge orders.
constexpr auto kUnordered = std::memory_order_relaxed;

int64_t NowNs() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

}  // namespace

WakeClock::WakeClock(const Judge* judge)
    : judge_(judge),
      queued_ns_(new std::atomic<int64_t>[judge->capacity()]()) {}

bool WakeClock::MeetsAFreeWorker() const {
  // It counts itself among the waiting.
  return judge_->waiting() <= 1 &&
         judge_->running() < static_cast<uint64_t>(pool_->Parallelism());
}

void WakeClock::Queued(uint32_t task) {
  if (task >= judge_->capacity() || pool_ == nullptr) return;
  // order: relaxed; see kUnordered. The pool hands the task on, and with it
  // this.
  queued_ns_[task].store(MeetsAFreeWorker() ? NowNs() : 0, kUnordered);
}

void WakeClock::Started(uint32_t task) {
  if (task >= judge_->capacity()) return;
  // order: relaxed; see kUnordered.
  const int64_t queued_ns = queued_ns_[task].load(kUnordered);
  if (queued_ns == 0) return;
  queued_ns_[task].store(0, kUnordered);
  const int64_t ns = std::max<int64_t>(0, NowNs() - queued_ns);
  buckets_[Histogram::BucketOf(static_cast<uint64_t>(ns))].fetch_add(
      1, kUnordered);
  int64_t longest = longest_ns_.load(kUnordered);
  while (ns > longest &&
         !longest_ns_.compare_exchange_weak(longest, ns, kUnordered)) {
  }
}

Histogram WakeClock::latencies() const {
  Histogram result;
  for (int i = 0; i < Histogram::kBuckets; ++i) {
    // order: relaxed; see kUnordered.
    const uint64_t count = buckets_[i].load(kUnordered);
    if (count > 0) result.Add(Histogram::LowerEndOf(i), count);
  }
  // Of the longest one more than its bucket is known.
  result.RaiseMax(longest_ns_.load(kUnordered));
  return result;
}

}  // namespace reveille::stress
