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

namespace reveille::explore {

class Spin {
 public:
  // Records one look. True when everything has been seen twice more without
  // anything new, and again after each further round.
  bool Look(uintptr_t pc, uintptr_t object, uint64_t value) {
    uint64_t look = (pc * 0x9e3779b97f4a7c15) ^ (object * 0xc2b2ae3d27d4eb4f) ^
                    (value * 0x165667b19e3779f9);
    look ^= look >> 32;
    look *= 0x9e3779b97f4a7c15;
    uint64_t& word = seen_[look >> 62];
    const uint64_t bit = uint64_t{1} << ((look >> 56) & 63);
    if ((word & bit) == 0) {
      word |= bit;
      Count();
      Include(pc, object);
      return false;
    }
    // It may only seem to be known, and who does not know what a thread looks
    // at does not release it.
    Include(pc, object);
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
    return (objects_ & BitFor(object >> 3)) != 0;
  }
  bool MayLookFrom(uintptr_t pc) const { return (places_ & BitFor(pc)) != 0; }

  // The same for all who spin in the same loop, or nearly so.
  uint64_t place() const { return places_; }

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
  static constexpr uint32_t kMostDistinct = 64;

  static uint64_t BitFor(uintptr_t value) {
    return uint64_t{1} << ((value * 0x9e3779b97f4a7c15) >> 58);
  }

  void Clear() {
    for (uint64_t& word : seen_) word = 0;
    objects_ = 0;
    places_ = 0;
    distinct_ = 0;
    stale_ = 0;
  }
  void Count() {
    if (++distinct_ > kMostDistinct) {
      Clear();
      distinct_ = 1;
    }
    stale_ = 0;
  }
  void Include(uintptr_t pc, uintptr_t object) {
    objects_ |= BitFor(object >> 3);
    places_ |= BitFor(pc);
  }

  uint64_t seen_[4] = {};  // Bloom filter of looks
  uint64_t objects_ = 0;   // Bloom filter of what is looked at
  uint64_t places_ = 0;    // Bloom filter of where from
  uint32_t distinct_ = 0;  // looks that were new
  uint32_t stale_ = 0;     // looks in a row that were not
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
