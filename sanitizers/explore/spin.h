// Await detection: noticing that a thread only looks and looks again.
//
// A thread spins when it goes on looking without seeing anything new (place,
// object, value) and without changing anything itself. The order of its looks
// does not matter, because pools look for work in random order. A thread that
// spins is either held back until somebody changes what it looks at, or allowed
// to spin itself out without interruption until it does something else (its
// fallback sleep). Both are worth exploring: the first finds the effect, the
// second the sleep.
#ifndef REVEILLE_SANITIZERS_EXPLORE_SPIN_H_
#define REVEILLE_SANITIZERS_EXPLORE_SPIN_H_

#include <stdint.h>

#include "random.h"

namespace reveille::explore {

// What is known is known exactly: with a filter that takes one look for another
// it depends on the addresses of the code which ones, and two programs with the
// same code under test would go on differently after the same choices.
class Spin {
 public:
  // Records one look. True when everything has been seen twice more without
  // anything new, and again after each further round.
  bool Look(uintptr_t pc, uintptr_t object, uint64_t value) {
    uint64_t key = (pc * 0x9e3779b97f4a7c15) ^ (object * 0xc2b2ae3d27d4eb4f) ^
                   (value * 0x165667b19e3779f9);
    key ^= key >> 32;
    key *= 0x9e3779b97f4a7c15;
    uint64_t& word = filter_[key >> 62];
    const uint64_t bit = uint64_t{1} << ((key >> 56) & 63);
    if ((word & bit) == 0 || !Knows(key)) {
      if (distinct_ == kMostDistinct) Clear();
      word |= bit;
      objects_ |= BitFor(object >> 3);
      places_ |= BitFor(pc);
      looks_[distinct_++] = {key, pc, object >> 3};
      stale_ = 0;
      return false;
    }
    if (++stale_ < 2 * distinct_) return false;
    stale_ -= distinct_;
    return true;
  }

  // The thread changed something: whatever it does is no longer a spin.
  void Forget() {
    if (distinct_ != 0) Clear();
    rounds = 0;
    clock_reads = 0;
    endless = false;
  }

  bool MayLookAt(uintptr_t object) const {
    if ((objects_ & BitFor(object >> 3)) == 0) return false;
    for (uint32_t i = 0; i < distinct_; ++i) {
      if (looks_[i].granule == object >> 3) return true;
    }
    return false;
  }
  bool MayLookFrom(uintptr_t pc) const {
    return (places_ & BitFor(pc)) != 0 && FirstFrom(pc) < distinct_;
  }

  // The same for all who spin in the same loop, or nearly so.
  uint64_t place() const {
    uint64_t places = 0;
    for (uint32_t i = 0; i < distinct_; ++i) {
      if (FirstFrom(looks_[i].pc) == i) places += Scatter(looks_[i].pc);
    }
    return places;
  }

  // How many looks make a round.
  uint32_t round_length() const { return distinct_; }

  // How many rounds in a row the thread has been allowed to spin.
  uint32_t rounds = 0;
  // The thread spun for as long as it may: it will not stop by itself.
  bool endless = false;
  // How often it read the clock meanwhile (virtual_time.h makes it run faster).
  uint32_t clock_reads = 0;

 private:
  // Who sees more different things than this between two changes does not
  // spin, but work.
  static constexpr uint32_t kMostDistinct = 80;

  struct Known {
    uint64_t key = 0;  // made of all three; no two looks share one
    uintptr_t pc = 0;
    uintptr_t granule = 0;
  };

  static uint64_t BitFor(uintptr_t value) {
    return uint64_t{1} << ((value * 0x9e3779b97f4a7c15) >> 58);
  }

  // Whoever spins looks at the same things in the same order, mostly.
  bool Knows(uint64_t key) {
    const uint32_t next = last_ + 1 < distinct_ ? last_ + 1 : 0;
    if (looks_[next].key == key) {
      last_ = next;
      return true;
    }
    for (uint32_t i = 0; i < distinct_; ++i) {
      if (looks_[i].key != key) continue;
      last_ = i;
      return true;
    }
    return false;
  }
  // Its number, or distinct_.
  uint32_t FirstFrom(uintptr_t pc) const {
    uint32_t i = 0;
    while (i < distinct_ && looks_[i].pc != pc) ++i;
    return i;
  }

  void Clear() {
    for (uint64_t& word : filter_) word = 0;
    objects_ = 0;
    places_ = 0;
    distinct_ = 0;
    stale_ = 0;
    last_ = 0;
  }

  // Filters say quickly what is not known.
  uint64_t filter_[4] = {};  // of keys
  uint64_t objects_ = 0;     // of granules
  uint64_t places_ = 0;      // of pcs
  uint32_t distinct_ = 0;    // looks that were new
  uint32_t stale_ = 0;       // looks in a row that were not
  uint32_t last_ = 0;        // the number of the last of these
  Known looks_[kMostDistinct] = {};
};

// Loops that did not end by themselves when they were allowed to. To let them
// spin once more costs thousands of operations and shows nothing.
class EndlessSpins {
 public:
  void Add(uint64_t place) {
    if (Contains(place) || count_ == kMost) return;
    places_[count_++] = place;
  }
  bool Contains(uint64_t place) const {
    for (int i = 0; i < count_; ++i) {
      if (places_[i] == place) return true;
    }
    return false;
  }
  void Clear() { count_ = 0; }

 private:
  static constexpr int kMost = 32;
  uint64_t places_[kMost] = {};
  int count_ = 0;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_SPIN_H_
