#include "stress/scenarios/pace.h"

#include <algorithm>
#include <chrono>

namespace reveille::stress {
namespace {

constexpr int64_t kBriefNs = 3'000;
constexpr int64_t kExponentialMeanNs = 10'000;
constexpr int64_t kSleepMeanNs = 200'000;
constexpr int64_t kLongestSleepNs = 5'000'000;

bool LooksIdle(const Round& round, bool by_statistics) {
  const WhiteBoxPool* const white_box = round.pool().AsWhiteBox();
  if (by_statistics && white_box != nullptr) {
    const PoolSnapshot snapshot = white_box->Snapshot();
    return snapshot.idle == snapshot.workers;
  }
  return round.judge().waiting() == 0 && round.judge().running() == 0;
}

}  // namespace

void Compute(const Round& round, int64_t ns) {
  if (round.tiny()) return;
  // Two instructions and a store-forward: about a nanosecond each time.
  for (int64_t i = 0; i < ns; ++i) asm volatile("" : "+r"(i));
}

void ComputeTypically(const Round& round, Dice& dice) {
  Compute(round, dice.Exponential(round.knobs().work_ns));
}

void Sleep(int64_t ns) {
  std::this_thread::sleep_for(std::chrono::nanoseconds(ns));
}

Gap RandomGap(Dice& dice) {
  constexpr Gap kGaps[] = {Gap::kNone, Gap::kBrief, Gap::kExponential,
                           Gap::kSleep, Gap::kUntilIdle};
  return kGaps[dice.Below(std::size(kGaps))];
}

void Pause(const Round& round, Dice& dice, Gap gap) {
  switch (gap) {
    case Gap::kNone:
      break;
    case Gap::kBrief:
      Compute(round, dice.Between(0, kBriefNs));
      break;
    case Gap::kExponential:
      Compute(round,
              std::min(dice.Exponential(kExponentialMeanNs), kLongestSleepNs));
      break;
    case Gap::kSleep:
      Sleep(std::min(dice.Exponential(kSleepMeanNs), kLongestSleepNs));
      break;
    case Gap::kUntilIdle:
      AwaitNearIdle(round, dice);
      break;
  }
}

void AwaitNearIdle(const Round& round, Dice& dice) {
  const bool by_statistics = dice.Coin();
  const int most_looks = round.Scale(5'000, 4);
  for (int look = 0; look < most_looks; ++look) {
    if (LooksIdle(round, by_statistics)) break;
    if (round.tiny() || look % 64 == 63) std::this_thread::yield();
  }
  Compute(round, dice.Between(0, kBriefNs));
}

}  // namespace reveille::stress
