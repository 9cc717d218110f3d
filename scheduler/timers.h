// The timers of one P (Go: runtime/time.go, type timers): a 4-ary heap under a
// lock, with its earliest time readable without the lock.
//
// Go keeps modified timers where they are and mends the heap later, which needs
// minWhenHeap and minWhenModified and a delicate order between them (#47329,
// #66006). Here a timer is moved at once, under the lock of the heap that it is
// in: one time, MinWhenNs(), and it is never late.
//
// Who may call: any thread. A timer is added only to the heap of the P that the
// caller holds, or to the scheduler's heap for threads without a P: never to
// another P's, which might be going idle (#44868).
#ifndef REVEILLE_SCHEDULER_TIMERS_H_
#define REVEILLE_SCHEDULER_TIMERS_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "reveille/internal/mutex.h"
#include "reveille/wait.h"

namespace reveille::internal {

class TimerHeap {
 public:
  // Adds a node that is in no heap. True: it is now the earliest, so a poller
  // that sleeps longer must be told [W4].
  bool Add(TimerNode* node, int64_t when_ns);
  // Moves `node`, if it is in a heap, to another time. `*earliest` as in Add().
  // False: it is in none.
  static bool Modify(TimerNode* node, int64_t when_ns, bool* earliest);
  // After it returned nobody touches the node. False: it was in no heap.
  static bool Remove(TimerNode* node);

  // Calls node->fire(node, fired_list) for each timer that is due, out of the
  // heap but under its lock: a Remove() afterwards waits until it is done.
  // The number of timers fired.
  int RunExpired(int64_t now_ns, void* fired_list);
  void MoveAllTo(TimerHeap* other);
  // Takes out any timer that fires like this; null when there is none.
  TimerNode* PopAny(TimerNode::Fire fire);

  // The earliest time; 0: none. The node's time is stored before the caller
  // of Add() looks for a poller; sequentially consistent [W4].
  int64_t MinWhenNs() const { return min_when_ns_.load(); }
  uint32_t size() const { return size_.load(); }

 private:
  struct Entry {
    int64_t when_ns;
    TimerNode* node;
  };
  // The heap that `node` is in, locked; null when it is in none.
  static TimerHeap* LockHeapOf(TimerNode* node)
      REVEILLE_NO_THREAD_SAFETY_ANALYSIS;
  void Insert(TimerNode* node, int64_t when_ns) REVEILLE_REQUIRES(mutex_);
  // Leaves node->heap alone: null means "nobody touches it", which is not so
  // while it moves or fires.
  void Erase(TimerNode* node) REVEILLE_REQUIRES(mutex_);
  void Place(size_t index, Entry entry) REVEILLE_REQUIRES(mutex_);
  void SiftUp(size_t index) REVEILLE_REQUIRES(mutex_);
  void SiftDown(size_t index) REVEILLE_REQUIRES(mutex_);
  void PublishMin() REVEILLE_REQUIRES(mutex_);

  Mutex mutex_;
  std::vector<Entry> heap_ REVEILLE_GUARDED_BY(mutex_);
  std::atomic<int64_t> min_when_ns_{0};
  std::atomic<uint32_t> size_{0};
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_TIMERS_H_
