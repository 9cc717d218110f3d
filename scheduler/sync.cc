#include "reveille/sync.h"

#include <utility>

#include "scheduler/check.h"

namespace reveille {

using internal::MutexLock;
using internal::Waiter;

// --- WaitQueue ---------------------------------------------------------------

WaitQueue::~WaitQueue() {
  REVEILLE_CHECK(nullptr, head_ == nullptr,
                 "a WaitQueue is destroyed while tasks wait in it");
}

void WaitQueue::PushBack(Waiter* waiter) {
  waiter->prev = tail_;
  waiter->next = nullptr;
  (tail_ == nullptr ? head_ : tail_->next) = waiter;
  tail_ = waiter;
}

bool WaitQueue::Contains(const Waiter* waiter) const {
  return waiter->prev != nullptr || head_ == waiter;
}

void WaitQueue::Remove(Waiter* waiter) {
  (waiter->prev == nullptr ? head_ : waiter->prev->next) = waiter->next;
  (waiter->next == nullptr ? tail_ : waiter->next->prev) = waiter->prev;
  waiter->prev = waiter->next = nullptr;
}

bool WaitQueue::ClaimFirst(Waiter::Claimed* claimed) {
  while (head_ != nullptr) {
    Waiter* first = head_;
    Remove(first);
    // One that was cancelled or timed out is no longer ours to wake: the wake
    // goes to the next, it is not lost with it.
    if (first->Claim(Wake::kReady, claimed)) return true;
  }
  return false;
}

int WaitQueue::ClaimAllAndUnlock() {
  // The claimed are chained through their own links: a parked waiter lives
  // until it is delivered. After the unlock the queue is not touched again, so
  // that the first to wake may destroy it.
  Waiter* chain = nullptr;
  Waiter** end = &chain;
  int woken = 0;
  while (head_ != nullptr) {
    Waiter* first = head_;
    Remove(first);
    Waiter::Claimed claimed;
    if (!first->Claim(Wake::kReady, &claimed)) continue;
    ++woken;
    if (claimed.g == nullptr && claimed.note == nullptr) continue;
    *end = first;
    end = &first->next;
  }
  mutex_.Unlock();
  while (chain != nullptr) {
    Waiter* first = std::exchange(chain, chain->next);
    first->Deliver();
  }
  return woken;
}

bool WaitQueue::ReadyOne() {
  Waiter::Claimed claimed;
  bool won;
  {
    MutexLock lock(&mutex_);
    won = ClaimFirst(&claimed);
  }
  if (won) claimed.Deliver();
  return won;
}

int WaitQueue::ReadyAll() {
  mutex_.Lock();
  return ClaimAllAndUnlock();
}

WaitQueue::ParkOperation WaitQueue::Park(std::function<bool()> skip,
                                         Deadline deadline) {
  return ParkOperation(this, std::move(skip), deadline);
}

void WaitQueue::ParkOperation::Register() {
  MutexLock lock(&queue_->mutex_);
  queue_->PushBack(waiter());
  if (skip_ != nullptr && skip_()) {
    queue_->Remove(waiter());
    Waiter::Claimed claimed;
    waiter()->Claim(Wake::kReady, &claimed);
  }
}

void WaitQueue::ParkOperation::Unregister() {
  MutexLock lock(&queue_->mutex_);
  if (queue_->Contains(waiter())) queue_->Remove(waiter());
}

// --- Event -------------------------------------------------------------------

void Event::Set() {
  queue_.mutex_.Lock();
  set_ = true;
  queue_.ClaimAllAndUnlock();
}

void Event::Reset() {
  MutexLock lock(&queue_.mutex_);
  set_ = false;
}

bool Event::IsSet() const {
  MutexLock lock(&queue_.mutex_);
  return set_;
}

bool Event::Operation::TryNow() { return event_->IsSet(); }

void Event::AddWaiter(Waiter* waiter) {
  MutexLock lock(&queue_.mutex_);
  if (!set_) {
    queue_.PushBack(waiter);
    return;
  }
  Waiter::Claimed claimed;
  waiter->Claim(Wake::kReady, &claimed);
}

void Event::RemoveWaiter(Waiter* waiter) {
  MutexLock lock(&queue_.mutex_);
  if (queue_.Contains(waiter)) queue_.Remove(waiter);
}

void Event::Operation::Register() { event_->AddWaiter(waiter()); }
void Event::Operation::Unregister() { event_->RemoveWaiter(waiter()); }

// --- Semaphore ---------------------------------------------------------------

void Semaphore::Release(int64_t n) {
  for (; n > 0; --n) {
    Waiter::Claimed claimed;
    bool won;
    {
      MutexLock lock(&queue_.mutex_);
      won = queue_.ClaimFirst(&claimed);
      if (!won) {
        permits_ += n;
        return;
      }
    }
    claimed.Deliver();
  }
}

bool Semaphore::TryAcquire() {
  MutexLock lock(&queue_.mutex_);
  if (permits_ == 0) return false;
  --permits_;
  return true;
}

int64_t Semaphore::permits() const {
  MutexLock lock(&queue_.mutex_);
  return permits_;
}

bool Semaphore::Operation::TryNow() { return semaphore_->TryAcquire(); }

void Semaphore::Operation::Register() {
  MutexLock lock(&semaphore_->queue_.mutex_);
  if (semaphore_->permits_ == 0) {
    semaphore_->queue_.PushBack(waiter());
    return;
  }
  Waiter::Claimed claimed;
  if (waiter()->Claim(Wake::kReady, &claimed)) --semaphore_->permits_;
}

void Semaphore::Operation::Unregister() {
  MutexLock lock(&semaphore_->queue_.mutex_);
  if (semaphore_->queue_.Contains(waiter())) {
    semaphore_->queue_.Remove(waiter());
  }
}

// --- WaitGroup ---------------------------------------------------------------

void WaitGroup::Add(int64_t n) {
  REVEILLE_CHECK(nullptr, n >= 0, "WaitGroup::Add() adds");
  count_.fetch_add(n);
}

void WaitGroup::Done() {
  // Not the last: no lock. The last takes it, so that a waiter that has seen
  // zero finds no Done() still at work on the group when it destroys it.
  int64_t count = count_.load();
  while (count > 1) {
    if (count_.compare_exchange_weak(count, count - 1)) return;
  }
  queue_.mutex_.Lock();
  const int64_t before = count_.fetch_sub(1);
  REVEILLE_CHECK(nullptr, before > 0, "a WaitGroup counts from zero up");
  if (before > 1) {
    queue_.mutex_.Unlock();
    return;
  }
  queue_.ClaimAllAndUnlock();
}

int64_t WaitGroup::count() const { return count_.load(); }

bool WaitGroup::Operation::TryNow() {
  if (group_->count_.load() != 0) return false;
  // Wait until the last Done() has let go of the group.
  MutexLock lock(&group_->queue_.mutex_);
  return group_->count_.load() == 0;
}

void WaitGroup::Operation::Register() {
  MutexLock lock(&group_->queue_.mutex_);
  if (group_->count_.load() != 0) {
    group_->queue_.PushBack(waiter());
    return;
  }
  Waiter::Claimed claimed;
  waiter()->Claim(Wake::kReady, &claimed);
}

void WaitGroup::Operation::Unregister() {
  MutexLock lock(&group_->queue_.mutex_);
  if (group_->queue_.Contains(waiter())) group_->queue_.Remove(waiter());
}

}  // namespace reveille
