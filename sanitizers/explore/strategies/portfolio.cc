#include "portfolio.h"

namespace reveille::explore {
namespace {

constexpr uint32_t kWhole = 1 << 16;
constexpr uint32_t kFloor = kWhole / 4;

}  // namespace

Portfolio::Portfolio() {
  Strategy* const strategies[kArms] = {
      &random_walk_, &shallow_, &middle_, &deep_, &deeper_, &pos_, &surw_};
  for (int i = 0; i < kArms; ++i) arms_[i] = {strategies[i], kWhole};
}

bool Portfolio::Begin(uint64_t key) {
  Random random(Scatter(key));
  uint32_t total = 0;
  for (const Arm& arm : arms_) total += kFloor + arm.worth;
  uint32_t drawn = random.Below(total);
  for (Arm& arm : arms_) {
    const uint32_t share = kFloor + arm.worth;
    if (drawn < share) {
      current_ = &arm;
      break;
    }
    drawn -= share;
  }
  return current_->strategy->Begin(key);
}

void Portfolio::End(const ExecutionSummary& summary) {
  current_->strategy->End(summary);
  // A moving average over about 64 executions.
  current_->worth -= current_->worth / 64;
  if (summary.novel) current_->worth += kWhole / 64;
}

}  // namespace reveille::explore
