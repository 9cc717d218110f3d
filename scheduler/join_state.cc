#include "scheduler/join_state.h"

#include "scheduler/note.h"

namespace reveille::internal {

Waiter* JoinState::WaiterIn(uintptr_t word) {
  const uintptr_t pointer = word & ~(kDone | kPinned);
  return (word & kCrowd) != 0 ? nullptr : reinterpret_cast<Waiter*>(pointer);
}

reveille::Event* JoinState::CrowdIn(uintptr_t word) {
  if ((word & kCrowd) == 0) return nullptr;
  return reinterpret_cast<reveille::Event*>(word & ~(kDone | kPinned | kCrowd));
}

JoinState::~JoinState() { delete CrowdIn(word_.load()); }

void JoinState::TaskEnded() {
  uintptr_t word = word_.load();
  do {
    while ((word & kPinned) != 0) {
      SpinPause();
      word = word_.load();
    }
  } while (!word_.compare_exchange_weak(word, word | kDone));
  if (reveille::Event* crowd = CrowdIn(word); crowd != nullptr) {
    crowd->Set();
  } else if (Waiter* waiter = WaiterIn(word); waiter != nullptr) {
    Waiter::Claimed claimed;
    if (waiter->Claim(Wake::kReady, &claimed)) {
      claimed.Deliver();
    } else {
      waiter->PassBy();
    }
  }
  Unref();
}

void JoinState::Cancel() {
  uintptr_t word = word_.load();
  do {
    while ((word & (kPinned | kDone)) == kPinned) {
      SpinPause();
      word = word_.load();
    }
    if ((word & kDone) != 0) return;
  } while (!word_.compare_exchange_weak(word, word | kPinned));
  Waiter::Claimed claimed;
  const bool won = g_->cancel.Cancel(&claimed);
  word_.fetch_and(~kPinned);
  if (won) claimed.Deliver();
}

void JoinState::AddWaiter(Waiter* waiter) {
  const auto added = reinterpret_cast<uintptr_t>(waiter);
  uintptr_t word = word_.load();
  for (;;) {
    if ((word & kDone) != 0) {
      Waiter::Claimed claimed;
      waiter->Claim(Wake::kReady, &claimed);
      return;
    }
    if (reveille::Event* crowd = CrowdIn(word); crowd != nullptr) {
      crowd->AddWaiter(waiter);
      return;
    }
    if (WaiterIn(word) == nullptr) {
      if (word_.compare_exchange_weak(word, word | added)) return;
    } else {
      if (GatherCrowd(word, waiter)) return;
      word = word_.load();
    }
  }
}

// The first waiter is touched only after the exchange, and under the lock of
// the crowd: if it leaves now, it comes to that lock and finds itself listed.
bool JoinState::GatherCrowd(uintptr_t word, Waiter* second) {
  auto* crowd = new reveille::Event;
  const uintptr_t gathered =
      reinterpret_cast<uintptr_t>(crowd) | kCrowd | (word & kPinned);
  crowd->queue_.mutex_.Lock();
  const bool won = word_.compare_exchange_strong(word, gathered);
  if (won) {
    crowd->queue_.PushBack(WaiterIn(word));
    crowd->queue_.PushBack(second);
  }
  crowd->queue_.mutex_.Unlock();
  if (!won) delete crowd;
  return won;
}

void JoinState::RemoveWaiter(Waiter* waiter) {
  // Claimed by the end: out of the word, or never in it [J2].
  if (waiter->result() == Wake::kReady) return;
  uintptr_t word = word_.load();
  for (;;) {
    if (reveille::Event* crowd = CrowdIn(word); crowd != nullptr) {
      crowd->RemoveWaiter(waiter);
      return;
    }
    if ((word & kDone) != 0) {
      while (!waiter->PassedBy()) SpinPause();
      return;
    }
    if (word_.compare_exchange_weak(word, word & kPinned)) return;
  }
}

}  // namespace reveille::internal
