#include "stress/oracles/deadline_oracle.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace reveille::stress {

void DeadlineOracle::Arming(TimePoint due) {
  may_be_pending_ = fired_.load() < armings_;
  Setting& setting = settings_[armings_++];
  setting.task = judge_->Armed();
  setting.due = due;
}

void DeadlineOracle::Armed(bool was_pending) {
  if (!was_pending) return;
  if (!may_be_pending_) {
    judge_->Fail("check-failed", "a timer was pending that could not be");
    return;
  }
  // The arming before this one was moved: one firing is left, at the new time.
  settings_[armings_ - 2].due = settings_[armings_ - 1].due;
  Withdraw();
}

void DeadlineOracle::Stopped(bool was_pending) {
  if (!was_pending) return;
  if (fired_.load() >= armings_) {
    judge_->Fail("check-failed", "a timer was stopped that was not pending");
    return;
  }
  Withdraw();
}

void DeadlineOracle::Withdraw() {
  --armings_;
  judge_->Refused(settings_[armings_].task.exchange(kNoTask));
}

// A firing too many takes no setting's place, so that each setting still gets
// its own and nobody waits for it in vain.
uint32_t DeadlineOracle::BeginFiring() {
  int firing = fired_.load();
  uint32_t task;
  do {
    task = firing < kMaxArmings ? settings_[firing].task.load() : kNoTask;
    if (task == kNoTask) {
      judge_->Fail("double-run", "a timer fired more often than it was set");
      return kNoTask;
    }
  } while (!fired_.compare_exchange_weak(firing, firing + 1));
  settings_[firing].fired_at = PoolClock::now();
  return task;
}

void DeadlineOracle::Check() {
  const int fired = fired_.load();
  if (fired != armings_) {
    judge_->Fail(fired > armings_ ? "double-run" : "lost-task",
                 absl::StrCat("a timer was set ", armings_, " times and fired ",
                              fired, " times"));
  }
  for (int i = 0; i < std::min(fired, armings_); ++i) {
    const auto early = settings_[i].due - settings_[i].fired_at;
    if (early <= PoolClock::duration::zero()) continue;
    judge_->Fail("check-failed",
                 absl::StrCat("a timer fired ", early.count(), " ns early"));
  }
}

}  // namespace reveille::stress
