#include "portfolio.h"

namespace reveille::explore {
namespace {

constexpr uint32_t kWhole = 1 << 16;
// Executions in a row for which the program's own choices are the same.
constexpr uint64_t kStay = 32;
// In a unit, before it is known where threads meet.
constexpr uint64_t kLearn = 8;

}  // namespace

// The shares are those of what found lost wakeups soonest; one of each kind
// stays, because each finds some bugs that the others hardly meet.
Portfolio::Portfolio()
    : arms_{{&random_walk_, 1, kWhole}, {&few_, 2, kWhole},
            {&shallow_, 1, kWhole},     {&deep_, 1, kWhole},
            {&pos_, 1, kWhole},         {&surw_, 5, kWhole},
            {&groups_, 2, kWhole},      {&surw_pos_, 4, kWhole},
            {&groups_pos_, 2, kWhole}} {}

uint64_t Portfolio::WeightOf(const Arm& arm) {
  return uint64_t{arm.share} * (kWhole + arm.worth);
}

Portfolio::Arm* Portfolio::Draw(Random* random) {
  uint64_t total = 0;
  for (const Arm& arm : arms_) total += WeightOf(arm);
  uint64_t drawn = random->Below(static_cast<uint32_t>(total));
  for (Arm& arm : arms_) {
    if (drawn < WeightOf(arm)) return &arm;
    drawn -= WeightOf(arm);
  }
  return &arms_[0];
}

bool Portfolio::Begin(uint64_t key) {
  Random random(Scatter(key));
  if (executions_ % kStay == 0) own_key_ = random.Next();
  own_choices_ = Random(own_key_);
  only_meetings_ = executions_ >= kLearn && random.OneIn(2);
  meetings_.Begin();
  ++executions_;
  current_ = Draw(&random);
  return current_->strategy->Begin(key);
}

uint32_t Portfolio::Choose(const ChoicePoint& at) {
  if (at.tag == Tag::kUser) return own_choices_.Below(at.count);
  if (at.tag != Tag::kThread) return current_->strategy->Choose(at);
  const uint64_t quiet = meetings_.Watch(at);
  if (!only_meetings_ || quiet == 0) return current_->strategy->Choose(at);
  const bool goes_on = Contains(quiet, at.running);
  return OptionOf(at.threads, goes_on ? at.running : __builtin_ctzll(quiet));
}

void Portfolio::End(const ExecutionSummary& summary) {
  current_->strategy->End(summary);
  // A moving average over about 64 executions.
  current_->worth -= current_->worth / 64;
  if (summary.novel) current_->worth += kWhole / 64;
}

}  // namespace reveille::explore
