// A FIFO of Gs as an array of pointers in blocks: the global run queue, and the
// queue of idle-priority work.
//
// Not a list through G::schedlink as in Go: whoever takes a batch from such a
// list walks it under sched.lock, and meets a cache miss at each G that another
// processor has written. Here a batch is a copy of pointers.
//
// No lock of its own.
#ifndef REVEILLE_SCHEDULER_GLOBAL_QUEUE_H_
#define REVEILLE_SCHEDULER_GLOBAL_QUEUE_H_

#include <cstdint>

#include "scheduler/g.h"

namespace reveille::internal {

class GlobalQueue {
 public:
  GlobalQueue() = default;
  ~GlobalQueue();
  GlobalQueue(const GlobalQueue&) = delete;
  GlobalQueue& operator=(const GlobalQueue&) = delete;

  bool Empty() const { return size_ == 0; }
  uint32_t size() const { return size_; }
  // How many of them are bound to a thread.
  uint32_t locked() const { return locked_; }
  void Push(G* g);
  G* Pop();  // Null when empty.
  // Takes out the first that `wanted` is true of, or null; keeps the order.
  template <typename Predicate>
  G* Extract(Predicate wanted);

 private:
  static constexpr uint32_t kBlock = 510;
  struct Block {
    Block* next = nullptr;
    // The pointer, and in its lowest bit G::locked, so that taking one out
    // reads nothing of it.
    uintptr_t slots[kBlock];
  };

  Block* head_ = nullptr;   // Popped from, at head_index_.
  Block* tail_ = nullptr;   // Pushed to, at tail_index_.
  Block* spare_ = nullptr;  // One empty block, so that a short queue that
                            // wanders over a border allocates nothing.
  uint32_t head_index_ = 0;
  uint32_t tail_index_ = kBlock;
  uint32_t size_ = 0;
  uint32_t locked_ = 0;
};

template <typename Predicate>
G* GlobalQueue::Extract(Predicate wanted) {
  G* found = nullptr;
  for (uint32_t left = size_; left > 0; --left) {
    G* g = Pop();
    if (found == nullptr && wanted(g)) {
      found = g;
    } else {
      Push(g);
    }
  }
  return found;
}

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_GLOBAL_QUEUE_H_
