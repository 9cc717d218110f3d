// The wait slots of one descriptor, the waiters in them, and all who may wake
// those: readiness and close (through the slot), a deadline, a cancellation
// (through the task's CancelSlot). The bytes decide in which order they come;
// a table of what each waiter should be is the judge.
//
// `Desc` is the scheduler's PollDesc, or in a test one with a planted bug.
#ifndef REVEILLE_FUZZ_STRUCTURES_POLL_DESC_MODEL_H_
#define REVEILLE_FUZZ_STRUCTURES_POLL_DESC_MODEL_H_

#include <utility>

#include "fuzz/input.h"
#include "fuzz/promise.h"
#include "scheduler/g.h"
#include "scheduler/park.h"
#include "scheduler/poll_desc.h"

namespace reveille::fuzz {

template <typename Desc = internal::PollDesc>
class PollDescModel {
 public:
  PollDescModel() {
    for (Party& party : parties_) {
      internal::ParkOperationAccess::SetG(&party.waiter, &party.g);
    }
  }

  void Run(Input* in) {
    while (!in->Empty()) {
      Step(in);
      Compare();
    }
  }

 private:
  using Direction = internal::PollDesc::Direction;
  using Waiter = internal::Waiter;
  static constexpr int kDirections = 2;
  static constexpr int kParties = 16;

  enum class State { kRegistering, kParked, kClaimed };

  // A task that waits once.
  struct Party {
    internal::G g;
    Waiter waiter;
    bool was_put = false;
    State state = State::kRegistering;
    Wake result = Wake::kReady;
    bool passed_by = false;
    // Its cancellation.
    bool cancellable = false;
    bool cancelled = false;
  };

  static Direction Of(int direction) {
    return direction == 0 ? Direction::kRead : Direction::kWrite;
  }

  void Step(Input* in) {
    Party* party = &parties_[in->Below(kParties)];
    const int direction = static_cast<int>(in->Below(kDirections));
    switch (in->Below(10)) {
      case 0:
      case 1:
        return Put(direction, party);
      case 2:
        return Commit(party);
      case 3:
        return WakeSlot(direction, Wake::kReady);
      case 4:
        return WakeSlot(direction, Wake::kClosed);
      case 5:
        return Take(direction, party);
      case 6:
        return TimeOut(party);
      case 7:
        return MakeCancellable(party);
      case 8:
        return Cancel(party);
      default:
        return PassBy(party);
    }
  }

  void Put(int direction, Party* party) {
    if (std::exchange(party->was_put, true)) return;
    const bool free = slots_[direction] == nullptr;
    if (free) slots_[direction] = party;
    internal::MutexLock lock(&desc_.mutex);
    Promise(desc_.Put(Of(direction), &party->waiter) == free,
            "Put says whether the direction is taken");
  }
  void Take(int direction, Party* party) {
    const bool there = slots_[direction] == party;
    if (there) slots_[direction] = nullptr;
    internal::MutexLock lock(&desc_.mutex);
    Promise(desc_.Take(Of(direction), &party->waiter) == there,
            "Take takes out its own waiter only");
  }
  void Commit(Party* party) {
    const bool first = party->state == State::kRegistering;
    if (first) party->state = State::kParked;
    // Parks once: whoever is parked already does not ask again.
    if (!first && party->state == State::kParked) return;
    Promise(internal::ParkOperationAccess::Commit(&party->waiter) == first,
            "Commit says whether a waker was first");
  }

  void WakeSlot(int direction, Wake wake) {
    Party* party = std::exchange(slots_[direction], nullptr);
    Waiter::Claimed claimed;
    bool deliver;
    {
      internal::MutexLock lock(&desc_.mutex);
      deliver = desc_.Wake(Of(direction), wake, &claimed);
    }
    const bool parked = party != nullptr && party->state == State::kParked;
    Promise(deliver == parked, "Wake delivers a parked waiter and no other");
    Promise(!deliver || claimed.g == &party->g,
            "Wake delivers whose slot it was");
    if (party != nullptr) Claim(party, wake);
  }
  void TimeOut(Party* party) {
    Waiter::Claimed claimed;
    const bool open = party->state != State::kClaimed;
    const bool parked = party->state == State::kParked;
    Promise(party->waiter.Claim(Wake::kTimedOut, &claimed) == open,
            "a claim wins once");
    Promise((claimed.g != nullptr) == parked,
            "a claim gives the task that is parked");
    Claim(party, Wake::kTimedOut);
  }
  void Claim(Party* party, Wake wake) {
    if (party->state == State::kClaimed) return;
    party->state = State::kClaimed;
    party->result = wake;
  }

  void MakeCancellable(Party* party) {
    if (party->cancellable) {
      party->cancellable = false;
      return party->g.cancel.Clear();
    }
    party->cancellable = party->g.cancel.Set(&party->waiter);
    Promise(party->cancellable == !party->cancelled,
            "a cancelled task sets no waiter");
  }
  void Cancel(Party* party) {
    const bool reaches = !party->cancelled && party->cancellable;
    const bool wins = reaches && party->state != State::kClaimed;
    const bool parked = party->state == State::kParked;
    Waiter::Claimed claimed;
    Promise(party->g.cancel.Cancel(&claimed) == wins,
            "the first cancellation wakes, no other does");
    Promise((claimed.g != nullptr) == (wins && parked),
            "a cancellation delivers a parked task");
    if (reaches) Claim(party, Wake::kCancelled);
    party->cancelled = true;
    party->cancellable = false;
  }
  // The last touch of a waker that lost.
  void PassBy(Party* party) {
    if (party->state != State::kClaimed) return;
    party->waiter.PassBy();
    party->passed_by = true;
  }

  void Compare() {
    {
      internal::MutexLock lock(&desc_.mutex);
      const auto interest = desc_.interest();
      Promise(interest.read == (slots_[0] != nullptr) &&
                  interest.write == (slots_[1] != nullptr) &&
                  interest.Any() == (interest.read || interest.write),
              "interest names the directions that somebody is in");
    }
    for (const Party& party : parties_) {
      const bool claimed = party.state == State::kClaimed;
      Promise(internal::ParkOperationAccess::Claimed(party.waiter) == claimed,
              "a waiter is claimed once somebody has won");
      Promise(!claimed || party.waiter.result() == party.result,
              "the result is the winner's");
      Promise(party.waiter.PassedBy() == party.passed_by,
              "a mark is there once it was made");
      Promise(party.g.cancel.cancelled() == party.cancelled,
              "a cancellation stays");
    }
  }

  Desc desc_;
  Party parties_[kParties];
  Party* slots_[kDirections] = {};
};

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_STRUCTURES_POLL_DESC_MODEL_H_
