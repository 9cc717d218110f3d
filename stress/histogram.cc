#include "stress/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace reveille::stress {

int Histogram::BucketOf(uint64_t value) {
  if (value < kSubBuckets) return static_cast<int>(value);
  const int shift = std::bit_width(value) - 1 - kSubBits;
  const int sub = static_cast<int>(value >> shift) & (kSubBuckets - 1);
  return (shift + 1) * kSubBuckets + sub;
}

int64_t Histogram::LowerEndOf(int bucket) {
  if (bucket < kSubBuckets) return bucket;
  const int shift = bucket / kSubBuckets - 1;
  const int64_t sub = bucket % kSubBuckets;
  return (kSubBuckets + sub) << shift;
}

void Histogram::Add(int64_t value, uint64_t times) {
  value = std::max<int64_t>(value, 0);
  buckets_[BucketOf(static_cast<uint64_t>(value))] += times;
  count_ += times;
  RaiseMax(value);
}

void Histogram::RaiseMax(int64_t max) { max_ = std::max(max_, max); }

void Histogram::Merge(const Histogram& other) {
  for (int i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

int64_t Histogram::Quantile(double q) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<uint64_t>(
      std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (int i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank && seen > 0) return std::min(LowerEndOf(i), max_);
  }
  return max_;
}

std::vector<std::pair<int64_t, uint64_t>> Histogram::NonEmpty() const {
  std::vector<std::pair<int64_t, uint64_t>> result;
  for (int i = 0; i < kBuckets; ++i) {
    if (buckets_[i] != 0) result.emplace_back(LowerEndOf(i), buckets_[i]);
  }
  return result;
}

}  // namespace reveille::stress
