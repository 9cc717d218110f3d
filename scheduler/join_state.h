// What a JoinHandle and its task share: whether the task has ended, and who
// waits for that.
//
// Nearly always one party waits, so one word says it all:
//
//   nobody --AddWaiter--> waiter --AddWaiter of another--> crowd
//     any of them --TaskEnded--> the same, and done
//
// J1 Done stays, and with it what the word held.
// J2 The end of the task takes the waiter that it finds in the word, and
//    touches it once: it claims it or, if a deadline or a cancellation was
//    first, marks it as passed by. So a waiter that was not claimed by the end
//    is out of its reach when it has taken itself out of the word, or bears the
//    mark.
// J3 While the word is pinned and not done the task does not end, and its G
//    stays what it is.
//
// Everything here is sequentially consistent. Any thread.
#ifndef REVEILLE_SCHEDULER_JOIN_STATE_H_
#define REVEILLE_SCHEDULER_JOIN_STATE_H_

#include <atomic>
#include <cstdint>

#include "reveille/coroutine.h"
#include "reveille/sync.h"
#include "reveille/wait.h"
#include "scheduler/g.h"

namespace reveille::internal {

// Counted by its handles and by the task; the last one deletes it.
class JoinState : public FrameMemory<REVEILLE_RECYCLE_FRAMES != 0> {
 public:
  explicit JoinState(G* task) : g_(task) {}
  ~JoinState();
  JoinState(const JoinState&) = delete;
  JoinState& operator=(const JoinState&) = delete;

  void Ref() { refs_.fetch_add(1); }
  void Unref() {
    // Whoever is alone needs no decrement: nobody can be added but by him.
    if (refs_.load() == 1 || refs_.fetch_sub(1) == 1) delete this;
  }

  // The worker, once, when the task has ended; gives up the task's count.
  void TaskEnded();
  void Cancel();
  bool Done() const { return (word_.load() & kDone) != 0; }

  // What a wait registers and unregisters with. A waiter that comes after the
  // end is claimed at once.
  void AddWaiter(Waiter* waiter);
  void RemoveWaiter(Waiter* waiter);

 private:
  // Beside a pointer: to a Waiter or, with kCrowd, to an Event.
  static constexpr uintptr_t kDone = 1;
  static constexpr uintptr_t kCrowd = 2;
  static constexpr uintptr_t kPinned = 4;
  static constexpr uintptr_t kNobody = 0;
  static_assert(alignof(Waiter) >= 8 && alignof(reveille::Event) >= 8);

  static Waiter* WaiterIn(uintptr_t word);
  static reveille::Event* CrowdIn(uintptr_t word);
  bool GatherCrowd(uintptr_t word, Waiter* second);

  std::atomic<uintptr_t> word_{kNobody};
  std::atomic<uint32_t> refs_{2};
  G* const g_;  // The task's record while the word is not done.
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_JOIN_STATE_H_
