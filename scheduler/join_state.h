// What a JoinHandle and its task share.
#ifndef REVEILLE_SCHEDULER_JOIN_STATE_H_
#define REVEILLE_SCHEDULER_JOIN_STATE_H_

#include <atomic>

#include "reveille/internal/mutex.h"
#include "reveille/sync.h"
#include "scheduler/g.h"

namespace reveille::internal {

// Counted by its handles and by the task; the last one deletes it.
struct JoinState {
  explicit JoinState(G* task) : g(task) {}

  void Ref() { refs.fetch_add(1); }
  void Unref() {
    if (refs.fetch_sub(1) == 1) delete this;
  }
  // The worker, once, when the task has ended; gives up the task's count.
  void TaskEnded() {
    {
      MutexLock lock(&mutex);
      g = nullptr;
    }
    done.Set();
    Unref();
  }
  void Cancel() {
    Waiter::Claimed claimed;
    bool won = false;
    {
      MutexLock lock(&mutex);
      // Under the lock the task cannot end, so its G is not recycled.
      if (g != nullptr) won = g->cancel.Cancel(&claimed);
    }
    if (won) claimed.Deliver();
  }

  std::atomic<int> refs{2};
  Mutex mutex;
  G* g REVEILLE_GUARDED_BY(mutex);  // Null once the task has ended.
  reveille::Event done;
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_JOIN_STATE_H_
