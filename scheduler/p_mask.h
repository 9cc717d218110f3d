// A bitmap with one bit for each P (Go: pMask). Bits are set and cleared under
// sched.lock and read by thieves and rechecks without it: live, never copied.
#ifndef REVEILLE_SCHEDULER_P_MASK_H_
#define REVEILLE_SCHEDULER_P_MASK_H_

#include <atomic>
#include <bit>
#include <cstdint>

#include "reveille/options.h"

namespace reveille::internal {

class PMask {
 public:
  bool Read(int p) const { return (word(p).load() & bit(p)) != 0; }
  void Set(int p) { word(p).fetch_or(bit(p)); }
  void Clear(int p) { word(p).fetch_and(~bit(p)); }
  int Count() const {
    int count = 0;
    for (const auto& word : words_) count += std::popcount(word.load());
    return count;
  }

 private:
  static uint64_t bit(int p) { return uint64_t{1} << (p % 64); }
  std::atomic<uint64_t>& word(int p) { return words_[p / 64]; }
  const std::atomic<uint64_t>& word(int p) const { return words_[p / 64]; }
  std::atomic<uint64_t> words_[Options::kMaxProcs / 64] = {};
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_P_MASK_H_
