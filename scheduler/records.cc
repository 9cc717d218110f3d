// The records of Gs: made in slabs, never given back to the allocator before
// ReleaseMemory() or the end, recycled through the Ps' free lists and, for
// threads outside, through a few shards (Go: gfget, gfput).

#include <algorithm>
#include <bit>
#include <functional>
#include <thread>

#include "scheduler/check.h"
#include "scheduler/hot_path.h"

namespace reveille::internal {
namespace {
// Of the first slab; a scheduler that needs more gets them by the slab.
constexpr uint32_t kFirstBatch = 8;
}  // namespace

// For threads without a P.
G* Sched::NewGOutside() {
  Shard* shard = CurrentShard();
  MutexLock lock(&shard->mutex);
  if (shard->gfree.Empty()) Refill(&shard->gfree);
  return shard->gfree.Pop();
}

void Sched::CountSpawnedOutside(uint32_t n) {
  Shard* shard = CurrentShard();
  // Marked before anything is counted in it, so that Spawned() may pass over
  // those without a mark.
  const uint32_t mark = 1u << (shard - shards_);
  if ((shards_used_.load() & mark) == 0) shards_used_.fetch_or(mark);
  shard->spawned.fetch_add(n);
}

uint64_t Sched::Spawned() const {
  uint64_t spawned = 0;
  for (uint32_t marks = shards_used_.load(); marks != 0; marks &= marks - 1) {
    spawned += shards_[std::countr_zero(marks)].spawned.load();
  }
  const int n = ps_created_.load();
  for (int i = 0; i < n; ++i) spawned += allp_[i]->spawned.Load();
  return spawned;
}

uint64_t Sched::Finished() const {
  uint64_t finished = 0;
  const int n = ps_created_.load();
  for (int i = 0; i < n; ++i) finished += allp_[i]->finished.Load();
  return finished;
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

namespace {
// Most fields are clean, and a load is a tenth of such a store.
template <typename T>
void Clear(std::atomic<T>* field) {
  if (field->load() != T()) field->store(T());
}
}  // namespace

void Sched::CleanUp(G* g) {
  Clear(&g->id);
  Clear(&g->name);
  Clear(&g->lockedm);
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
  if (growing_ == nullptr || growing_->Full()) {
    slabs_.push_back(std::make_unique<GSlab>());
    growing_ = slabs_.back().get();
  }
  const uint32_t batch = slabs_.size() == 1 ? kFirstBatch : GSlab::kSize;
  for (uint32_t i = 0; i < batch && !growing_->Full(); ++i) {
    gfree->Push(growing_->Make(this));
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
// most a half each, holds its slabs; and so does what has not been made yet.
void Sched::ReleaseMemory() {
  ForEachP([this](P* p) {
    FlushFreeGs(&p->gfree);
    p->frames.Clear();
  });
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
                         [](const G* x, const std::unique_ptr<GSlab>& slab) {
                           return std::less<const void*>()(x, slab.get());
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
      if (free_in[slab_of(g)] != GSlab::kSize) kept.push_back(g);
    }
  }
  if (growing_ != nullptr && growing_->Full()) growing_ = nullptr;
  std::vector<std::unique_ptr<GSlab>> used;
  for (size_t i = 0; i < slabs_.size(); ++i) {
    if (free_in[i] != GSlab::kSize) used.push_back(std::move(slabs_[i]));
  }
  slabs_ = std::move(used);
  // Slabs are as large as halves, so the kept ones fill whole halves.
  gfree_.clear();
  for (size_t i = 0; i < kept.size(); i += GSlab::kSize) {
    std::copy_n(kept.begin() + static_cast<ptrdiff_t>(i), GSlab::kSize,
                gfree_.emplace_back().begin());
  }
}

}  // namespace reveille::internal
