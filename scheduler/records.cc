// The records of Gs: made in slabs, never given back to the allocator before
// ReleaseMemory() or the end, recycled through the Ps' free lists and, for
// threads outside, through a few shards (Go: gfget, gfput).

#include <functional>
#include <thread>

#include "scheduler/check.h"
#include "scheduler/sched.h"

namespace reveille::internal {
namespace {
constexpr uint32_t kTransfer = 32;    // Gs moved between lists at once.
constexpr uint32_t kLocalLimit = 64;  // Most that a P keeps.
constexpr uint32_t kSlab = 64;
constexpr uint64_t kIdBlock = 64;
}  // namespace

G* Sched::NewG(M* m) {
  G* g;
  if (m != nullptr && m->sched == this && m->p() != nullptr) {
    P* p = m->p();
    if (p->gfree.Empty()) Refill(&p->gfree);
    g = p->gfree.PopFront();
    if (p->next_id == p->end_id) {
      p->next_id = next_id_.fetch_add(kIdBlock);
      p->end_id = p->next_id + kIdBlock;
    }
    g->id = p->next_id++;
    p->spawned.Add(1);
  } else {
    Shard* shard = CurrentShard();
    MutexLock lock(&shard->mutex);
    if (shard->gfree.Empty()) Refill(&shard->gfree);
    g = shard->gfree.PopFront();
    g->id = next_id_.fetch_add(1);
    spawned_outside_.fetch_add(1);
  }
  g->idle_priority = false;
  g->started = false;
  g->lock_count = 0;
  g->root = nullptr;
  g->parked_in = nullptr;
  g->name = nullptr;
  g->cancel.Reset();
  return g;
}

Sched::Shard* Sched::CurrentShard() {
  const size_t hash = std::hash<std::thread::id>()(std::this_thread::get_id());
  return &shards_[(hash ^ (hash >> 12)) % kShards];
}

void Sched::RecycleG(M* m, G* g) {
  g->Transition(GStatus::kRunning, GStatus::kDead);
  P* p = m->p();
  p->gfree.PushFront(g);
  if (p->gfree.size() < kLocalLimit) return;
  MutexLock lock(&records_mutex_);
  for (uint32_t i = 0; i < kTransfer; ++i) {
    gfree_.PushFront(p->gfree.PopFront());
  }
}

void Sched::FlushFreeGs(P* p) {
  MutexLock lock(&records_mutex_);
  gfree_.Append(&p->gfree);
}

void Sched::Refill(GList* gfree) {
  MutexLock lock(&records_mutex_);
  if (gfree_.Empty()) {
    GrowGs(gfree);
    return;
  }
  for (uint32_t i = 0; i < kTransfer && !gfree_.Empty(); ++i) {
    gfree->PushFront(gfree_.PopFront());
  }
}

void Sched::GrowGs(GList* gfree) {
  slabs_.push_back(std::make_unique<G[]>(kSlab));
  for (uint32_t i = 0; i < kSlab; ++i) {
    G* g = &slabs_.back()[i];
    g->sched = this;
    gfree->PushFront(g);
  }
}

// A slab goes when all its Gs are on the common free list.
void Sched::ReleaseMemory() {
  ForEachP([this](P* p) { FlushFreeGs(p); });
  for (Shard& shard : shards_) {
    MutexLock lock(&shard.mutex);
    MutexLock records(&records_mutex_);
    gfree_.Append(&shard.gfree);
  }
  MutexLock lock(&records_mutex_);
  std::vector<uint32_t> free_in(slabs_.size(), 0);
  const auto slab_of = [this](const G* g) REVEILLE_NO_THREAD_SAFETY_ANALYSIS {
    for (size_t i = 0; i < slabs_.size(); ++i) {
      if (g >= &slabs_[i][0] && g < &slabs_[i][0] + kSlab) return i;
    }
    return slabs_.size();
  };
  for (G* g = gfree_.front(); g != nullptr; g = g->schedlink) {
    ++free_in[slab_of(g)];
  }
  GList kept;
  while (G* g = gfree_.PopFront()) {
    if (free_in[slab_of(g)] != kSlab) kept.PushBack(g);
  }
  gfree_ = kept;
  std::vector<std::unique_ptr<G[]>> used;
  for (size_t i = 0; i < slabs_.size(); ++i) {
    if (free_in[i] != kSlab) used.push_back(std::move(slabs_[i]));
  }
  slabs_ = std::move(used);
}

}  // namespace reveille::internal
