#include "scheduler/poll_desc.h"

namespace reveille::internal {

bool PollDesc::Put(Direction direction, Waiter* waiter) {
  Waiter** place = slot(direction);
  if (*place != nullptr) return false;
  *place = waiter;
  return true;
}

bool PollDesc::Take(Direction direction, Waiter* waiter) {
  Waiter** place = slot(direction);
  if (*place != waiter) return false;
  *place = nullptr;
  return true;
}

bool PollDesc::Wake(Direction direction, reveille::Wake wake,
                    Waiter::Claimed* claimed) {
  Waiter** place = slot(direction);
  Waiter* waiter = *place;
  if (waiter == nullptr) return false;
  *place = nullptr;
  // A claim that fails was lost to a deadline or a cancellation, whose winner
  // wakes the task.
  return waiter->Claim(wake, claimed) && claimed->g != nullptr;
}

PollDesc::Interest PollDesc::interest() const {
  return {read_ != nullptr, write_ != nullptr};
}

}  // namespace reveille::internal
