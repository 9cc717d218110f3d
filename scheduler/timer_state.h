// What a public Timer is: a node in a heap that keeps itself alive while it is
// pending, and becomes a task when it fires.
#ifndef REVEILLE_SCHEDULER_TIMER_STATE_H_
#define REVEILLE_SCHEDULER_TIMER_STATE_H_

#include <functional>
#include <memory>
#include <utility>

#include "reveille/internal/mutex.h"
#include "reveille/wait.h"

namespace reveille::internal {

struct TimerState : TimerNode {
  TimerState(Sched* owner, std::function<void()> fn)
      : sched(owner), callback(std::move(fn)) {
    fire = &Fire;
  }

  // Under the heap's lock: a fresh G joins the fired.
  static void Fire(TimerNode* node, void* fired_list);
  // For a node that was taken out of its heap without firing.
  static void Drop(TimerNode* node) {
    static_cast<TimerState*>(node)->self.reset();
  }

  Sched* const sched;
  const std::function<void()> callback;
  Mutex mutex;                       // One Reset() or Stop() at a time.
  std::shared_ptr<TimerState> self;  // Set while it is in a heap.
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_TIMER_STATE_H_
