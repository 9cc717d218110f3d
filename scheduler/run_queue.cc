#include "scheduler/run_queue.h"

#include "scheduler/note.h"

namespace reveille::internal {
namespace {
// About a microsecond. A G in runnext is usually run by its owner within that
// time; taking it away sooner makes two Ms pass it to and fro.
constexpr int kNextBackOffPauses = 50;
}  // namespace

bool RunQueue::SpillHalf(G* g, G** spill) {
  constexpr uint32_t kHalf = kCapacity / 2;
  // order: acquire and relaxed, as in PutTail() [W5].
  uint32_t head = head_.load(std::memory_order_acquire);
  const uint32_t tail = tail_.load(std::memory_order_relaxed);
  if (tail - head != kCapacity) return false;
  for (uint32_t i = 0; i < kHalf; ++i) {
    // order: relaxed; the owner wrote these slots itself [W5].
    spill[i] = ring_[(head + i) % kCapacity].load(std::memory_order_relaxed);
  }
  spill[kHalf] = g;
  // What was read counts only if nobody took any of it meanwhile.
  // order: release; pairs with the acquire of head in PutTail() [W5].
  return head_.compare_exchange_strong(
      head, head + kHalf, std::memory_order_release, std::memory_order_relaxed);
}

uint32_t RunQueue::Grab(std::atomic<G*>* batch, uint32_t batch_head,
                        bool take_next) {
  for (;;) {
    // order: acquire; head before tail, and the slots after both; pairs with
    // the releases in PutTail() and in other takers [W5].
    uint32_t head = head_.load(std::memory_order_acquire);
    const uint32_t tail = tail_.load(std::memory_order_acquire);
    uint32_t n = tail - head;
    n = n - n / 2;
    if (n == 0) {
      if (!take_next) return 0;
      G* next = runnext_.load();
      if (next == nullptr) return 0;
      for (int i = 0; i < kNextBackOffPauses; ++i) SpinPause();
      if (!TakeNext(next)) continue;
      // order: relaxed; published by the thief's own store of tail [W5].
      batch[batch_head % kCapacity].store(next, std::memory_order_relaxed);
      return 1;
    }
    // head and tail were read at different moments and do not fit together.
    if (n > kCapacity / 2) continue;
    for (uint32_t i = 0; i < n; ++i) {
      // order: relaxed; the CAS below says whether these reads count [W5].
      G* g = ring_[(head + i) % kCapacity].load(std::memory_order_relaxed);
      batch[(batch_head + i) % kCapacity].store(g, std::memory_order_relaxed);
    }
    // order: release; pairs with the acquire of head in PutTail() [W5].
    if (head_.compare_exchange_strong(head, head + n, std::memory_order_release,
                                      std::memory_order_relaxed)) {
      return n;
    }
  }
}

G* RunQueue::StealInto(RunQueue* thief, bool take_next) {
  // order: relaxed; the thief owns its tail [W5].
  const uint32_t tail = thief->tail_.load(std::memory_order_relaxed);
  const uint32_t n = Grab(thief->ring_, tail, take_next);
  if (n == 0) return nullptr;
  // The last one is run at once, so that one of one needs no publication.
  // order: relaxed; written by this thread a moment ago [W5].
  G* g =
      thief->ring_[(tail + n - 1) % kCapacity].load(std::memory_order_relaxed);
  // order: release; pairs with the acquire of tail in Grab(): published only
  // after the copy [W5].
  if (n > 1) thief->tail_.store(tail + n - 1, std::memory_order_release);
  return g;
}

bool RunQueue::Empty() const {
  // The owner may move a G from runnext to the ring between the two reads: then
  // tail has changed, and the question is asked again.
  for (;;) {
    const uint32_t head = head_.load();
    const uint32_t tail = tail_.load();
    const G* next = runnext_.load();
    if (tail_.load() == tail) return head == tail && next == nullptr;
  }
}

uint32_t RunQueue::RingSize() const {
  const uint32_t head = head_.load();
  const uint32_t n = tail_.load() - head;
  return n > kCapacity ? 0 : n;
}

uint32_t RunQueue::Size() const {
  return RingSize() + (runnext_.load() != nullptr ? 1 : 0);
}

}  // namespace reveille::internal
