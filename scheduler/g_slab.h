// A block of Gs: where the records come from. They are made in order and as
// they are needed, so that a scheduler with few tasks touches little memory.
//
// No lock of its own.
#ifndef REVEILLE_SCHEDULER_G_SLAB_H_
#define REVEILLE_SCHEDULER_G_SLAB_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "scheduler/g.h"
#include "scheduler/g_cache.h"

namespace reveille::internal {

class GSlab {
 public:
  // As large as the halves of caches, see Sched::FreeWholeSlabs().
  static constexpr uint32_t kSize = GCache::kHalf;

  GSlab() {}  // Leaves the storage alone.
  GSlab(const GSlab&) = delete;
  GSlab& operator=(const GSlab&) = delete;

  bool Full() const { return made_ == kSize; }
  // Not of a full one.
  G* Make(Sched* sched) {
    G* g = new (&storage_[made_ * sizeof(G)]) G;
    g->sched = sched;
    ++made_;
    return g;
  }
  // Those that have been made.
  G* begin() { return std::launder(reinterpret_cast<G*>(storage_)); }
  G* end() { return begin() + made_; }

 private:
  static_assert(std::is_trivially_destructible_v<G>);
  uint32_t made_ = 0;
  alignas(G) std::byte storage_[kSize * sizeof(G)];
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_G_SLAB_H_
