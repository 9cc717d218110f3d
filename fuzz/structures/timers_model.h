// Two timer heaps against a table of times: timers are added, moved, removed,
// fired, moved from heap to heap and popped.
//
// `Heap` is the scheduler's TimerHeap, or in a test one with a planted bug.
#ifndef REVEILLE_FUZZ_STRUCTURES_TIMERS_MODEL_H_
#define REVEILLE_FUZZ_STRUCTURES_TIMERS_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "fuzz/input.h"
#include "fuzz/promise.h"
#include "scheduler/timers.h"

namespace reveille::fuzz {

template <typename Heap = internal::TimerHeap>
class TimersModel {
 public:
  void Run(Input* in) {
    for (int i = 0; i < kTimers; ++i) {
      timers_[i].fire = i % 4 == 0 ? &FireRare : &FireUsual;
    }
    while (!in->Empty()) {
      Step(in);
      for (int heap = 0; heap < kHeaps; ++heap) Compare(heap);
    }
  }

 private:
  using TimerNode = internal::TimerNode;
  static constexpr int kHeaps = 2;
  static constexpr int kTimers = 64;
  static constexpr int kNone = -1;

  struct Timer : TimerNode {
    int where = kNone;  // As the model has it: in which heap,
    int64_t at = 0;     // and for when.
  };
  static void FireUsual(TimerNode* node, void* fired_list) {
    static_cast<std::vector<Timer*>*>(fired_list)
        ->push_back(static_cast<Timer*>(node));
  }
  // Another kind, for PopAny(). Not the same function: the linker may fold it.
  static void FireRare(TimerNode* node, void* fired_list) {
    auto* fired = static_cast<std::vector<Timer*>*>(fired_list);
    fired->insert(fired->end(), static_cast<Timer*>(node));
    ++rare_fired_;
  }

  void Step(Input* in) {
    Timer* timer = &timers_[in->Below(kTimers)];
    const int heap = static_cast<int>(in->Below(kHeaps));
    switch (in->Below(8)) {
      case 0:
      case 1:
        return Add(timer, heap, Time(in));
      case 2:
      case 3:
        return Modify(timer, Time(in));
      case 4:
        return Remove(timer);
      case 5:
        return RunExpired(heap, Time(in));
      case 6:
        return MoveAll(heap);
      default:
        return PopAny(heap, timer->fire);
    }
  }

  // Close together, where the order matters, or anything.
  static int64_t Time(Input* in) {
    const uint8_t kind = in->Byte();
    if (kind < 224) return kind;
    if (kind < 240) return static_cast<int64_t>(in->Word());
    return kind % 2 == 0 ? std::numeric_limits<int64_t>::max()
                         : std::numeric_limits<int64_t>::min();
  }
  // 0 means "none", so the first time is 1.
  static int64_t Clamped(int64_t when) { return std::max<int64_t>(when, 1); }

  void Add(Timer* timer, int heap, int64_t when) {
    if (timer->where != kNone) return;
    const bool earliest = heaps_[heap].Add(timer, when);
    timer->where = heap;
    timer->at = Clamped(when);
    CheckEarliest(*timer, earliest);
  }
  void Modify(Timer* timer, int64_t when) {
    bool earliest = false;
    const bool there = Heap::Modify(timer, when, &earliest);
    Promise(there == (timer->where != kNone),
            "Modify says whether it was in a heap");
    if (!there) return;
    timer->at = Clamped(when);
    CheckEarliest(*timer, earliest);
  }
  void Remove(Timer* timer) {
    Promise(Heap::Remove(timer) == (timer->where != kNone),
            "Remove says whether it was in a heap");
    timer->where = kNone;
  }

  void RunExpired(int heap, int64_t now) {
    std::vector<Timer*> fired;
    const int count = heaps_[heap].RunExpired(now, &fired);
    Promise(count == static_cast<int>(fired.size()),
            "RunExpired counts what it fires");
    int64_t last = 0;
    for (Timer* timer : fired) {
      Promise(timer->where == heap, "what fires was in this heap");
      Promise(timer->at <= now, "nothing fires early");
      Promise(timer->at >= last, "timers fire in the order of time");
      last = timer->at;
      timer->where = kNone;
    }
    for (const Timer& timer : timers_) {
      Promise(timer.where != heap || timer.at > now, "nothing is left behind");
    }
  }

  void MoveAll(int heap) {
    const int other = 1 - heap;
    heaps_[heap].MoveAllTo(&heaps_[other]);
    for (Timer& timer : timers_) {
      if (timer.where == heap) timer.where = other;
    }
  }

  void PopAny(int heap, TimerNode::Fire fire) {
    auto* popped = static_cast<Timer*>(heaps_[heap].PopAny(fire));
    if (popped == nullptr) {
      for (const Timer& timer : timers_) {
        Promise(timer.where != heap || timer.fire != fire,
                "PopAny finds one if there is one");
      }
      return;
    }
    Promise(popped->where == heap && popped->fire == fire,
            "PopAny takes one of this heap and kind");
    popped->where = kNone;
  }

  void CheckEarliest(const Timer& timer, bool told) {
    int earlier = 0;
    int same = 0;
    for (const Timer& other : timers_) {
      if (&other == &timer || other.where != timer.where) continue;
      earlier += other.at < timer.at;
      same += other.at == timer.at;
    }
    // Of two at the same time either may be the earliest.
    if (earlier > 0) {
      Promise(!told, "one that is later is not told to be the earliest");
    } else {
      Promise(told || same > 0, "the earliest is told so");
    }
  }

  void Compare(int heap) {
    uint32_t size = 0;
    int64_t min = 0;
    for (const Timer& timer : timers_) {
      if (timer.where != heap) continue;
      ++size;
      min = min == 0 ? timer.at : std::min(min, timer.at);
    }
    Promise(heaps_[heap].size() == size, "size counts the timers");
    Promise(heaps_[heap].MinWhenNs() == min, "MinWhenNs is the earliest time");
  }

  static inline uint64_t rare_fired_ = 0;
  Heap heaps_[kHeaps];
  Timer timers_[kTimers];
};

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_STRUCTURES_TIMERS_MODEL_H_
