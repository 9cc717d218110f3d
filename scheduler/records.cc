// The records of Gs: made in slabs, never given back to the allocator before
// ReleaseMemory() or the end, recycled through the Ps' free lists and, for
// threads outside, through a few shards (Go: gfget, gfput).

#include <algorithm>
#include <functional>
#include <thread>

#include "scheduler/check.h"
#include "scheduler/hot_path.h"

namespace reveille::internal {
namespace {
constexpr uint32_t kSlab = GCache::kHalf;
}  // namespace

// For threads without a P.
G* Sched::NewGOutside() {
  Shard* shard = CurrentShard();
  MutexLock lock(&shard->mutex);
  if (shard->gfree.Empty()) Refill(&shard->gfree);
  return shard->gfree.Pop();
}

void Sched::CountSpawnedOutside(uint32_t n) {
  CurrentShard()->spawned.fetch_add(n);
}

void Sched::CountReturned(uint32_t n) {
  returned_.fetch_add(n);
  if (drainers_.load() != 0) NotifyDrain();
}

uint64_t Sched::IdOf(G* g) {
  uint64_t id = g->id.load();
  if (id != 0) return id;
  g->extended = true;
  const uint64_t fresh = next_id_.fetch_add(1);
  return g->id.compare_exchange_strong(id, fresh) ? fresh : id;
}

Sched::Shard* Sched::CurrentShard() {
  const size_t hash = std::hash<std::thread::id>()(std::this_thread::get_id());
  return &shards_[(hash ^ (hash >> 12)) % kShards];
}

void Sched::CleanUp(G* g) {
  g->id.store(0);
  g->name.store(nullptr);
  g->lockedm.store(nullptr);
  g->root = nullptr;
  g->resume = nullptr;
  g->parked_in = nullptr;
  g->lock_count = 0;
  g->cancel.Reset();
  g->coroutine = false;
  g->locked = false;
  g->extended = false;
}

void Sched::SpillFree(GCache* gfree) {
  MutexLock lock(&records_mutex_);
  gfree->TakeHalf(&gfree_.emplace_back());
}

void Sched::Refill(GCache* gfree) {
  MutexLock lock(&records_mutex_);
  if (gfree_.empty()) {
    GrowGs(gfree);
    return;
  }
  for (G* g : gfree_.back()) gfree->Push(g);
  gfree_.pop_back();
}

void Sched::GrowGs(GCache* gfree) {
  slabs_.push_back(std::make_unique<G[]>(kSlab));
  for (uint32_t i = 0; i < kSlab; ++i) {
    G* g = &slabs_.back()[i];
    g->sched = this;
    gfree->Push(g);
  }
}

// Only full halves are worth the way back.
void Sched::FlushFreeGs(GCache* gfree) {
  MutexLock lock(&records_mutex_);
  while (gfree->size() >= GCache::kHalf) {
    gfree->TakeHalf(&gfree_.emplace_back());
  }
}

// A slab goes when all its Gs are in the common store. What the caches keep, at
// most a half each, holds its slabs.
void Sched::ReleaseMemory() {
  ForEachP([this](P* p) { FlushFreeGs(&p->gfree); });
  for (Shard& shard : shards_) {
    MutexLock lock(&shard.mutex);
    FlushFreeGs(&shard.gfree);
  }
  MutexLock lock(&records_mutex_);
  FreeWholeSlabs();
}

void Sched::FreeWholeSlabs() {
  std::sort(slabs_.begin(), slabs_.end());
  const auto slab_of = [this](const G* g) REVEILLE_NO_THREAD_SAFETY_ANALYSIS {
    const auto after =
        std::upper_bound(slabs_.begin(), slabs_.end(), g,
                         [](const G* x, const std::unique_ptr<G[]>& slab) {
                           return std::less<const G*>()(x, slab.get());
                         });
    return static_cast<size_t>(after - slabs_.begin()) - 1;
  };
  std::vector<uint32_t> free_in(slabs_.size(), 0);
  for (const GCache::Half& half : gfree_) {
    for (const G* g : half) ++free_in[slab_of(g)];
  }
  std::vector<G*> kept;
  for (const GCache::Half& half : gfree_) {
    for (G* g : half) {
      if (free_in[slab_of(g)] != kSlab) kept.push_back(g);
    }
  }
  std::vector<std::unique_ptr<G[]>> used;
  for (size_t i = 0; i < slabs_.size(); ++i) {
    if (free_in[i] != kSlab) used.push_back(std::move(slabs_[i]));
  }
  slabs_ = std::move(used);
  // Slabs are as large as halves, so the kept ones fill whole halves.
  gfree_.clear();
  for (size_t i = 0; i < kept.size(); i += kSlab) {
    std::copy_n(kept.begin() + static_cast<ptrdiff_t>(i), kSlab,
                gfree_.emplace_back().begin());
  }
}

}  // namespace reveille::internal
