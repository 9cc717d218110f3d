#include "scheduler/timers.h"

#include <algorithm>

namespace reveille::internal {
namespace {
constexpr size_t kArity = 4;
}  // namespace

bool TimerHeap::Add(TimerNode* node, int64_t when_ns) {
  // 0 means "none" in MinWhenNs().
  when_ns = std::max<int64_t>(when_ns, 1);
  MutexLock lock(&mutex_);
  Insert(node, when_ns);
  return heap_[0].node == node;
}

bool TimerHeap::Modify(TimerNode* node, int64_t when_ns,
                       bool* earliest) REVEILLE_NO_THREAD_SAFETY_ANALYSIS {
  TimerHeap* heap = LockHeapOf(node);
  if (heap == nullptr) return false;
  heap->Erase(node);
  heap->Insert(node, std::max<int64_t>(when_ns, 1));
  *earliest = heap->heap_[0].node == node;
  heap->mutex_.Unlock();
  return true;
}

bool TimerHeap::Remove(TimerNode* node) REVEILLE_NO_THREAD_SAFETY_ANALYSIS {
  TimerHeap* heap = LockHeapOf(node);
  if (heap == nullptr) return false;
  heap->Erase(node);
  node->heap.store(nullptr);
  heap->mutex_.Unlock();
  return true;
}

int TimerHeap::RunExpired(int64_t now_ns, void* fired_list) {
  int fired = 0;
  MutexLock lock(&mutex_);
  while (!heap_.empty() && heap_[0].when_ns <= now_ns) {
    TimerNode* node = heap_[0].node;
    Erase(node);
    node->fire(node, fired_list);
    // Last: until then a Remove() waits for our lock, and so does the task that
    // was woken by somebody else and is about to destroy the node.
    node->heap.store(nullptr);
    ++fired;
  }
  return fired;
}

void TimerHeap::MoveAllTo(TimerHeap* other) REVEILLE_NO_THREAD_SAFETY_ANALYSIS {
  // Only a stopped world moves timers, one pair of heaps at a time, so that the
  // order of the two locks cannot be reversed by anybody.
  mutex_.Lock();
  other->mutex_.Lock();
  while (!heap_.empty()) {
    const Entry entry = heap_.back();
    Erase(entry.node);
    other->Insert(entry.node, entry.when_ns);
  }
  other->mutex_.Unlock();
  mutex_.Unlock();
}

TimerNode* TimerHeap::PopAny(TimerNode::Fire fire) {
  MutexLock lock(&mutex_);
  // From the end, where taking one out moves no others.
  for (size_t i = heap_.size(); i > 0; --i) {
    TimerNode* node = heap_[i - 1].node;
    if (node->fire != fire) continue;
    Erase(node);
    node->heap.store(nullptr);
    return node;
  }
  return nullptr;
}

TimerHeap* TimerHeap::LockHeapOf(TimerNode* node) {
  for (;;) {
    TimerHeap* heap = node->heap.load();
    if (heap == nullptr) {
      return nullptr;
    }
    heap->mutex_.Lock();
    // It may have been moved or fired while we waited.
    if (node->heap.load() == heap) return heap;
    heap->mutex_.Unlock();
  }
}

void TimerHeap::Insert(TimerNode* node, int64_t when_ns) {
  node->when_ns = when_ns;
  heap_.push_back({when_ns, node});
  node->heap.store(this);
  Place(heap_.size() - 1, heap_.back());
  SiftUp(heap_.size() - 1);
  PublishMin();
}

void TimerHeap::Erase(TimerNode* node) {
  const size_t index = node->index;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (index < heap_.size()) {
    Place(index, last);
    SiftUp(index);
    SiftDown(last.node->index);
  }
  PublishMin();
}

void TimerHeap::Place(size_t index, Entry entry) {
  heap_[index] = entry;
  entry.node->index = static_cast<uint32_t>(index);
}

void TimerHeap::SiftUp(size_t index) {
  const Entry entry = heap_[index];
  while (index > 0) {
    const size_t parent = (index - 1) / kArity;
    if (heap_[parent].when_ns <= entry.when_ns) break;
    Place(index, heap_[parent]);
    index = parent;
  }
  Place(index, entry);
}

void TimerHeap::SiftDown(size_t index) {
  const Entry entry = heap_[index];
  for (;;) {
    const size_t first = index * kArity + 1;
    const size_t end = std::min(first + kArity, heap_.size());
    if (first >= end) break;
    size_t least = first;
    for (size_t child = first + 1; child < end; ++child) {
      if (heap_[child].when_ns < heap_[least].when_ns) least = child;
    }
    if (heap_[least].when_ns >= entry.when_ns) break;
    Place(index, heap_[least]);
    index = least;
  }
  Place(index, entry);
}

void TimerHeap::PublishMin() {
  min_when_ns_.store(heap_.empty() ? 0 : heap_[0].when_ns);
  size_.store(static_cast<uint32_t>(heap_.size()));
}

}  // namespace reveille::internal
