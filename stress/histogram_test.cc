#include "stress/histogram.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace reveille::stress {
namespace {

TEST(HistogramTest, EveryBucketBeginsWhereTheOneBeforeEnds) {
  for (int i = 1; i < 55 * Histogram::kSubBuckets; ++i) {
    const auto low = static_cast<uint64_t>(Histogram::LowerEndOf(i));
    EXPECT_EQ(Histogram::BucketOf(low), i);
    EXPECT_EQ(Histogram::BucketOf(low - 1), i - 1);
  }
}

TEST(HistogramTest, AnyValueHasABucket) {
  EXPECT_EQ(Histogram::BucketOf(0), 0);
  EXPECT_LT(Histogram::BucketOf(std::numeric_limits<int64_t>::max()),
            Histogram::kBuckets);
  EXPECT_LT(Histogram::BucketOf(std::numeric_limits<uint64_t>::max()),
            Histogram::kBuckets);
}

TEST(HistogramTest, QuantilesAreOffByASixteenthAtMost) {
  Histogram h;
  for (int64_t i = 1; i <= 10'000; ++i) h.Add(i * 1000);
  for (const double q : {0.5, 0.9, 0.99, 0.999}) {
    const double exact = q * 1e7;
    EXPECT_LE(static_cast<double>(h.Quantile(q)), exact);
    EXPECT_GE(static_cast<double>(h.Quantile(q)), exact * 15 / 16);
  }
  EXPECT_EQ(h.max(), 10'000'000);
}

TEST(HistogramTest, EmptyAndNegativeAreHarmless) {
  Histogram h;
  EXPECT_EQ(h.Quantile(0.99), 0);
  h.Add(-5);
  EXPECT_EQ(h.count(), 1u);
  EXPECT_EQ(h.Quantile(1), 0);
}

TEST(HistogramTest, TwoHalvesMergeIntoTheWhole) {
  Histogram odd, even, all;
  for (int64_t i = 0; i < 5000; ++i) {
    (i % 2 != 0 ? odd : even).Add(i * i);
    all.Add(i * i);
  }
  odd.Merge(even);
  EXPECT_EQ(odd.NonEmpty(), all.NonEmpty());
  EXPECT_EQ(odd.max(), all.max());
  EXPECT_EQ(odd.count(), all.count());
}

}  // namespace
}  // namespace reveille::stress
