#include "stress/scenarios/judged_timer.h"

#include <chrono>
#include <utility>

namespace reveille::stress {
namespace {

using std::chrono::hours;

PoolClock::time_point FarMoment() { return PoolClock::now() + hours(1); }

}  // namespace

PoolClock::time_point ExpiredMoment() {
  return PoolClock::now() - std::chrono::milliseconds(1);
}

PoolClock::time_point NearMoment(Dice& dice, int64_t within_ns) {
  return PoolClock::now() +
         std::chrono::nanoseconds(dice.Below(static_cast<uint64_t>(within_ns)));
}

PoolClock::time_point RandomMoment(Dice& dice) {
  switch (dice.Below(4)) {
    case 0:
      return ExpiredMoment();
    case 1:
      return NearMoment(dice, 300'000);
    case 2:
      return NearMoment(dice, 20'000'000);
    default:
      return FarMoment();
  }
}

JudgedTimer::JudgedTimer(Round& round, std::function<void()> body)
    : oracle_(std::make_shared<DeadlineOracle>(&round.judge())),
      timer_(round.pool().AsTimer()->NewTimer(
          [oracle = oracle_, body = std::move(body)] {
            oracle->Fired(body);
          })) {}

void JudgedTimer::Set(TimePoint when) {
  if (!oracle_->MayArm()) return;
  oracle_->Arming(when);
  oracle_->Armed(timer_->Reset(when));
  far_ = when > PoolClock::now() + hours(1) / 2;
}

void JudgedTimer::Stop() {
  oracle_->Stopped(timer_->Stop());
  far_ = false;
}

void JudgedTimer::Settle(Dice& dice) {
  if (!far_) return;
  if (oracle_->MayArm() && dice.Coin()) {
    Set(NearMoment(dice, 2'000'000));
  } else {
    Stop();
  }
}

}  // namespace reveille::stress
