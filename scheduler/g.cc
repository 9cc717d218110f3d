#include "scheduler/g.h"

#include <cstdio>

#include "scheduler/check.h"
#include "scheduler/note.h"

namespace reveille::internal {

const char* ToString(GStatus status) {
  switch (status) {
    case GStatus::kDead:
      return "dead";
    case GStatus::kRunnable:
      return "runnable";
    case GStatus::kRunning:
      return "running";
    case GStatus::kWaiting:
      return "waiting";
    case GStatus::kBlocking:
      return "blocking";
  }
  return "?";
}

void G::WrongStatus(GStatus from, GStatus to) const {
  std::fprintf(stderr, "reveille: G %s, to go from %s to %s\n",
               ToString(Status()), ToString(from), ToString(to));
  CheckFailed(sched, __FILE__, __LINE__, "status == from",
              "I4: a G is in exactly one place");
}

const char* NameOf(const G* g) {
  const char* name = g->name.load();
  return name == nullptr ? "" : name;
}

void CancelSlot::ClearSlow() {
  uintptr_t word = word_.load();
  for (;;) {
    if ((word & kBusy) != 0) {
      SpinPause();
      word = word_.load();
    } else if (word_.compare_exchange_weak(word, word & kCancelled)) {
      return;
    }
  }
}

bool CancelSlot::Cancel(Waiter::Claimed* claimed) {
  uintptr_t word = word_.load();
  do {
    if ((word & kCancelled) != 0) return false;
  } while (!word_.compare_exchange_weak(
      word, word == 0 ? kCancelled : word | kBusy | kCancelled));
  if (word == 0) return false;
  auto* waiter = reinterpret_cast<Waiter*>(word & kPointer);
  const bool won = waiter->Claim(Wake::kCancelled, claimed);
  word_.store(kCancelled);
  return won;
}

void GList::PushFront(G* g) {
  g->schedlink = head_;
  head_ = g;
  if (tail_ == nullptr) tail_ = g;
  ++size_;
}

void GList::PushBack(G* g) {
  g->schedlink = nullptr;
  if (tail_ == nullptr) {
    head_ = g;
  } else {
    tail_->schedlink = g;
  }
  tail_ = g;
  ++size_;
}

G* GList::PopFront() {
  G* g = head_;
  if (g == nullptr) return nullptr;
  head_ = g->schedlink;
  if (head_ == nullptr) tail_ = nullptr;
  g->schedlink = nullptr;
  --size_;
  return g;
}

}  // namespace reveille::internal
