// A log-linear histogram of durations: every power of two is cut into 16
// buckets, so that a quantile is off by at most one sixteenth. Fixed buckets:
// histograms of different runs and machines add up.
//
// Not synchronised; the owner serialises access.
#ifndef REVEILLE_STRESS_HISTOGRAM_H_
#define REVEILLE_STRESS_HISTOGRAM_H_

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace reveille::stress {

class Histogram {
 public:
  static constexpr int kSubBits = 4;
  static constexpr int kSubBuckets = 1 << kSubBits;
  static constexpr int kBuckets = (64 - kSubBits) * kSubBuckets + kSubBuckets;

  // Negative values count as zero.
  void Add(int64_t value, uint64_t times = 1);
  // What was added is known to have been as large as this.
  void RaiseMax(int64_t max);
  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }
  int64_t max() const { return max_; }
  // Lower end of the bucket in which the q-th part of all values ends, but
  // never more than the maximum; 0 when empty. 0 <= q <= 1.
  int64_t Quantile(double q) const;
  // Buckets that hold something: lower end and count, ascending.
  std::vector<std::pair<int64_t, uint64_t>> NonEmpty() const;

  static int BucketOf(uint64_t value);
  static int64_t LowerEndOf(int bucket);

 private:
  std::array<uint64_t, kBuckets> buckets_ = {};
  uint64_t count_ = 0;
  int64_t max_ = 0;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_HISTOGRAM_H_
