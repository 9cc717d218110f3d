// Free Gs, as pointers in an array: a P has one, each shard for threads outside
// has one, and full halves of them travel between those and the common store.
// Nobody follows a link through a G that another processor wrote last.
#ifndef REVEILLE_SCHEDULER_G_CACHE_H_
#define REVEILLE_SCHEDULER_G_CACHE_H_

#include <array>
#include <cstdint>

#include "scheduler/g.h"

namespace reveille::internal {

class GCache {
 public:
  static constexpr uint32_t kHalf = 64;
  using Half = std::array<G*, kHalf>;

  bool Empty() const { return size_ == 0; }
  bool Full() const { return size_ == 2 * kHalf; }
  uint32_t size() const { return size_; }
  void Push(G* g) { slots_[size_++] = g; }
  G* Pop() {
    G* g = slots_[--size_];
    // The next one was last written elsewhere, perhaps: fetch it meanwhile.
    if (size_ != 0) __builtin_prefetch(slots_[size_ - 1], 1);
    return g;
  }
  void TakeHalf(Half* half) {
    size_ -= kHalf;
    for (uint32_t i = 0; i < kHalf; ++i) (*half)[i] = slots_[size_ + i];
  }

 private:
  uint32_t size_ = 0;
  G* slots_[2 * kHalf];
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_G_CACHE_H_
