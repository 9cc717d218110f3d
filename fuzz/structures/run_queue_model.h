// The local run queues of three Ps against deques: the bytes decide who does
// what in which order. Owners and thieves take turns; what happens inside an
// operation, between its atomics, is for schedule_fuzz.
//
// `Queue` is the scheduler's RunQueue, or in a test one with a planted bug.
#ifndef REVEILLE_FUZZ_STRUCTURES_RUN_QUEUE_MODEL_H_
#define REVEILLE_FUZZ_STRUCTURES_RUN_QUEUE_MODEL_H_

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "fuzz/input.h"
#include "fuzz/promise.h"
#include "scheduler/run_queue.h"

namespace reveille::fuzz {

template <typename Queue = internal::RunQueue>
class RunQueueModel {
 public:
  RunQueueModel() {
    for (G& g : gs_) free_.push_back(&g);
  }

  void Run(Input* in) {
    while (!in->Empty()) {
      Step(in);
      for (const Pair& pair : pairs_) Compare(pair);
    }
    for (Pair& pair : pairs_) Get(&pair, kGs);
    Promise(free_.size() == kGs, "every G is in one place");
  }

 private:
  using G = internal::G;
  static constexpr uint32_t kCapacity = internal::RunQueue::kCapacity;
  static constexpr uint32_t kPairs = 3;
  // Enough to fill them all, with their runnext.
  static constexpr size_t kGs = kPairs * (kCapacity + 1) + 1;

  struct Pair {
    Queue queue;
    G* next = nullptr;
    std::deque<G*> ring;
  };

  void Step(Input* in) {
    Pair* pair = &pairs_[in->Below(kPairs)];
    switch (in->Below(8)) {
      case 0:
        return PutNext(pair);
      case 1:
        return Put(pair, 1);
      case 2:
        return Put(pair, 1 + in->Byte());
      case 3:
        return Spill(pair);
      case 4:
        return Get(pair, 1);
      case 5:
        return Get(pair, 1 + in->Byte());
      case 6:
        return GetFromRing(pair);
      default:
        return Steal(pair, &pairs_[in->Below(kPairs)], in->Flag());
    }
  }

  G* Fresh() {
    G* g = free_.back();
    free_.pop_back();
    return g;
  }

  // As the scheduler does: whom it kicks goes to the ring, or what does not fit
  // goes elsewhere.
  void PutNext(Pair* pair) {
    G* g = Fresh();
    G* kicked = pair->queue.PutNext(g);
    Promise(kicked == std::exchange(pair->next, g),
            "PutNext returns who was in runnext");
    if (kicked == nullptr) return;
    if (TryPut(pair, kicked)) return;
    free_.push_back(kicked);
  }
  bool TryPut(Pair* pair, G* g) {
    const bool fits = pair->ring.size() < kCapacity;
    Promise(pair->queue.PutTail(g) == fits,
            "PutTail says whether the ring is full");
    if (fits) pair->ring.push_back(g);
    return fits;
  }
  void Put(Pair* pair, int count) {
    for (; count > 0; --count) {
      G* g = Fresh();
      if (TryPut(pair, g)) continue;
      free_.push_back(g);
      return;
    }
  }

  void Spill(Pair* pair) {
    G* g = Fresh();
    free_.push_back(g);
    G* spill[internal::RunQueue::kSpill];
    const bool full = pair->ring.size() == kCapacity;
    Promise(pair->queue.SpillHalf(g, spill) == full,
            "SpillHalf moves half of a full ring, and nothing of another");
    if (!full) return;
    for (uint32_t i = 0; i < kCapacity / 2; ++i) {
      Promise(spill[i] == PopFront(pair), "SpillHalf takes the oldest half");
    }
    Promise(spill[kCapacity / 2] == g, "SpillHalf adds the newcomer");
  }

  G* PopFront(Pair* pair) {
    if (pair->ring.empty()) return nullptr;
    G* g = pair->ring.front();
    pair->ring.pop_front();
    free_.push_back(g);
    return g;
  }

  void Get(Pair* pair, size_t count) {
    for (; count > 0; --count) {
      const bool from_next = pair->next != nullptr;
      G* expected = std::exchange(pair->next, nullptr);
      if (from_next) {
        free_.push_back(expected);
      } else {
        expected = PopFront(pair);
      }
      bool inherit = !from_next;
      G* got = pair->queue.Get(&inherit);
      Promise(got == expected, "Get takes runnext, then the oldest");
      Promise(inherit == from_next, "only runnext inherits the time");
      if (got == nullptr) return;
    }
  }
  void GetFromRing(Pair* pair) {
    Promise(pair->queue.GetFromRing() == PopFront(pair),
            "GetFromRing takes the oldest");
  }

  // What the thief must find: the oldest half, rounded up; or runnext.
  std::deque<G*> Loot(Pair* victim, bool take_next) {
    std::deque<G*> loot;
    const size_t half = victim->ring.size() - victim->ring.size() / 2;
    for (size_t i = 0; i < half; ++i) {
      loot.push_back(victim->ring.front());
      victim->ring.pop_front();
    }
    if (loot.empty() && take_next && victim->next != nullptr) {
      loot.push_back(std::exchange(victim->next, nullptr));
    }
    return loot;
  }
  void Steal(Pair* victim, Pair* thief, bool take_next) {
    if (thief == victim || !thief->ring.empty()) return;
    std::deque<G*> loot = Loot(victim, take_next);
    G* got = victim->queue.StealInto(&thief->queue, take_next);
    Promise(got == (loot.empty() ? nullptr : loot.back()),
            "StealInto returns the last of what it took");
    if (got == nullptr) return;
    loot.pop_back();
    free_.push_back(got);
    thief->ring = std::move(loot);
  }

  void Compare(const Pair& pair) {
    const size_t next = pair.next != nullptr ? 1 : 0;
    Promise(pair.queue.RingSize() == pair.ring.size(),
            "RingSize counts the ring");
    Promise(pair.queue.Size() == pair.ring.size() + next,
            "Size counts the ring and runnext");
    Promise(pair.queue.Empty() == (pair.ring.empty() && next == 0),
            "Empty means that there is nothing");
  }

  // Never looked into by a queue, so one set serves all inputs.
  static inline G gs_[kGs];
  std::vector<G*> free_;
  Pair pairs_[kPairs];
};

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_STRUCTURES_RUN_QUEUE_MODEL_H_
