#include "slice.h"

namespace reveille::explore {
namespace {

constexpr size_t kMostReached = size_t{1} << 16;

// What each way back costs.
constexpr int kCostOfWriter = 1;
constexpr int kCostOfWaker = 1;
constexpr int kCostOfMissedChange = 2;
constexpr int kCostOfOwnMeeting = 2;
constexpr int kCostOfCreation = 3;

}  // namespace

Slice::Slice(const Buffer<Step>& steps, const Links& links)
    : steps_(steps), links_(links) {
  for (size_t i = 0; i < steps.size(); ++i) kept_.Push(0);
  for (Buffer<uint32_t>& bucket : reached_) bucket.Reserve(kMostReached);
}

void Slice::Begin(uint32_t step, int cost) { Reach(step, cost); }

void Slice::Reach(uint32_t step, int cost) {
  if (step == kNoStep || cost > kMostCost || kept_[step] != 0) return;
  reached_[cost].Push(step);
}

// Somebody else's doing reached the thread here, or its own reached somebody.
// Counting up and locking is seldom meant to tell anybody anything.
bool Slice::IsMeeting(uint32_t index) const {
  const Step& step = steps_[index];
  if (step.blocks || step.reached != 0) return true;
  if (step.kind == Kind::kFail || step.kind == Kind::kCrash) return true;
  if (step.kind == Kind::kSilent) return true;
  if (IsLockOperation(step.kind) || !HasObject(step.kind)) return false;
  if (step.effect == Effect::kSaw) return links_[index].is_news;
  if (step.kind == Kind::kCompareExchange && links_[index].is_news) return true;
  return step.effect == Effect::kChanged && links_.WasLookedAt(index);
}

uint32_t Slice::MeetingBefore(uint32_t step) const {
  uint32_t at = links_[step].own_before;
  while (at != kNoStep && !IsMeeting(at)) at = links_[at].own_before;
  return at;
}

void Slice::Keep(uint32_t index, int cost) {
  kept_[index] = 1;
  ++count_;
  const Step& step = steps_[index];
  const Link& link = links_[index];
  const bool looks = step.effect == Effect::kSaw ||
                     step.kind == Kind::kReadModifyWrite ||
                     step.kind == Kind::kCompareExchange;
  if (looks && !IsLockOperation(step.kind)) {
    if (link.written_by != kNoStep &&
        steps_[link.written_by].thread != step.thread) {
      Reach(link.written_by, cost + kCostOfWriter);
    }
    if (step.effect == Effect::kSaw) {
      Reach(link.overwritten_by, cost + kCostOfMissedChange);
    }
  }
  if (step.blocks) Reach(links_.WakerOf(index), cost + kCostOfWaker);
  Reach(MeetingBefore(index), cost + kCostOfOwnMeeting);
  Reach(links_.CreatorOf(step.thread), cost + kCostOfCreation);
}

void Slice::Grow(size_t most) {
  for (int cost = 0; cost <= kMostCost; ++cost) {
    Buffer<uint32_t>& bucket = reached_[cost];
    while (!bucket.empty() && count_ < most) {
      // The latest first.
      size_t best = 0;
      for (size_t i = 1; i < bucket.size(); ++i) {
        if (bucket[i] > bucket[best]) best = i;
      }
      const uint32_t step = bucket[best];
      bucket.RemoveAt(best);
      if (kept_[step] == 0) Keep(step, cost);
    }
  }
}

}  // namespace reveille::explore
