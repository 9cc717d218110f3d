#include "scheduler/global_queue.h"

#include <utility>

namespace reveille::internal {

GlobalQueue::~GlobalQueue() {
  while (head_ != nullptr) delete std::exchange(head_, head_->next);
  delete spare_;
}

void GlobalQueue::Push(G* g) {
  if (tail_index_ == kBlock) {
    Block* fresh =
        spare_ != nullptr ? std::exchange(spare_, nullptr) : new Block;
    fresh->next = nullptr;
    (tail_ == nullptr ? head_ : tail_->next) = fresh;
    tail_ = fresh;
    tail_index_ = 0;
  }
  const uintptr_t locked = g->locked ? 1 : 0;
  tail_->slots[tail_index_++] = reinterpret_cast<uintptr_t>(g) | locked;
  locked_ += static_cast<uint32_t>(locked);
  ++size_;
}

G* GlobalQueue::Pop() {
  if (size_ == 0) return nullptr;
  if (head_index_ == kBlock) {
    delete std::exchange(spare_, std::exchange(head_, head_->next));
    head_index_ = 0;
  }
  --size_;
  const uintptr_t slot = head_->slots[head_index_++];
  locked_ -= static_cast<uint32_t>(slot & 1);
  return reinterpret_cast<G*>(slot & ~uintptr_t{1});
}

}  // namespace reveille::internal
