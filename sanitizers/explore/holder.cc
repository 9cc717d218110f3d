#include "holder.h"

#include "choice.h"

namespace reveille::explore {
namespace {

bool Acquires(const Step& step) {
  const bool locks = step.kind == Kind::kLock || step.kind == Kind::kTryLock ||
                     step.kind == Kind::kReadLock ||
                     step.kind == Kind::kTryReadLock;
  return locks && !step.failed && step.effect == Effect::kChanged;
}

// Backwards: who gave it back later does not hold it now.
Holder HolderOfLock(const Buffer<Step>& steps, uint32_t wait) {
  const uintptr_t lock = steps[wait].object;
  uint64_t gave_back = 0;
  for (uint32_t i = wait; i > 0; --i) {
    const Step& step = steps[i - 1];
    const bool releases = (step.object == lock && step.kind == Kind::kUnlock) ||
                          step.released == lock;
    if (releases) gave_back |= uint64_t{1} << step.thread;
    if (step.object != lock || !Acquires(step)) continue;
    if (!Contains(gave_back, step.thread)) return {step.thread, i - 1};
  }
  return {};
}

}  // namespace

Holder HolderFor(const Buffer<Step>& steps, uint32_t wait) {
  const Step& step = steps[wait];
  if (!step.blocks) return {};
  if (step.kind == Kind::kJoin) {
    return {static_cast<int>(step.object >> 3) - 1, kNoStep};
  }
  if (step.kind == Kind::kLock || step.kind == Kind::kReadLock) {
    return HolderOfLock(steps, wait);
  }
  return {};
}

uint64_t CircleThrough(const Buffer<Step>& steps, const Links& links,
                       uint64_t stuck, int thread) {
  uint64_t members = 0;
  int at = thread;
  while (at >= 0 && Contains(stuck, at) && !Contains(members, at)) {
    members |= uint64_t{1} << at;
    const uint32_t last = links.LastOf(at);
    if (last == kNoStep) return 0;
    at = HolderFor(steps, last).thread;
  }
  return at == thread ? members : 0;
}

}  // namespace reveille::explore
