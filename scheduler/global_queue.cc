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
  tail_->slots[tail_index_++] = g;
  ++size_;
}

G* GlobalQueue::Pop() {
  if (size_ == 0) return nullptr;
  if (head_index_ == kBlock) {
    delete std::exchange(spare_, std::exchange(head_, head_->next));
    head_index_ = 0;
  }
  --size_;
  return head_->slots[head_index_++];
}

}  // namespace reveille::internal
