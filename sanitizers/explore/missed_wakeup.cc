#include "missed_wakeup.h"

namespace reveille::explore {

bool IsWakeup(Kind kind) {
  return kind == Kind::kSignal || kind == Kind::kBroadcast ||
         kind == Kind::kFutexWake || kind == Kind::kSemaphorePost ||
         kind == Kind::kFileWrite;
}

bool IsWaitForWakeup(Kind kind) {
  return kind == Kind::kConditionWait || kind == Kind::kFutexWait ||
         kind == Kind::kSemaphoreWait || kind == Kind::kFileRead ||
         kind == Kind::kEpollWait || kind == Kind::kPoll;
}

namespace {

constexpr size_t kNone = static_cast<size_t>(-1);

size_t LastWaitOf(const Buffer<Step>& steps, int thread) {
  for (size_t i = steps.size(); i > 0; --i) {
    const Step& step = steps[i - 1];
    if (step.thread != thread) continue;
    return step.blocks && IsWaitForWakeup(step.kind) ? i - 1 : kNone;
  }
  return kNone;
}

// A wakeup of the same object that went to somebody else while the thread was
// asleep already.
size_t ConsumedWakeup(const Buffer<Step>& steps, const MissedWakeup& missed) {
  const Step& wait = steps[missed.slept_at];
  const uint64_t sleeper = uint64_t{1} << missed.sleeper;
  for (size_t i = steps.size(); i > missed.slept_at + 1; --i) {
    const Step& step = steps[i - 1];
    if (!IsWakeup(step.kind) || step.name != wait.name) continue;
    if (step.reached != 0 && (step.reached & sleeper) == 0) return i - 1;
  }
  return kNone;
}

// The last wakeup of the object before the thread slept, if it reached nobody
// or somebody else.
size_t EarlierWakeup(const Buffer<Step>& steps, const MissedWakeup& missed) {
  const Step& wait = steps[missed.slept_at];
  for (size_t i = missed.slept_at; i > 0; --i) {
    const Step& step = steps[i - 1];
    if (IsWakeup(step.kind) && step.name == wait.name) return i - 1;
  }
  return kNone;
}

// Others' last look at `name` before step `end`, not followed by a wakeup from
// the same thread.
size_t LookWithoutWakeup(const Buffer<Step>& steps, const Step& announcement,
                         size_t end, uint32_t waited_for) {
  for (size_t i = end; i > 0; --i) {
    const Step& step = steps[i - 1];
    const bool looks = step.name == announcement.name &&
                       step.thread != announcement.thread &&
                       step.effect == Effect::kSaw;
    if (!looks) continue;
    bool woke = false;
    for (size_t k = i; k < steps.size(); ++k) {
      woke = woke || (steps[k].thread == step.thread &&
                      IsWakeup(steps[k].kind) && steps[k].name == waited_for);
    }
    if (!woke) return i - 1;
  }
  return kNone;
}

// What the sleeper changed shortly before it slept was its announcement; who
// had looked there before, and then did not wake, decided on a stale view.
bool FindFilter(const Buffer<Step>& steps, MissedWakeup* missed) {
  constexpr int kRecent = 8;
  int seen = 0;
  const uint32_t waited_for = steps[missed->slept_at].name;
  for (size_t i = missed->slept_at; i > 0 && seen < kRecent; --i) {
    const Step& step = steps[i - 1];
    if (step.thread != missed->sleeper) continue;
    ++seen;
    const bool announces =
        step.effect == Effect::kChanged &&
        (step.kind == Kind::kStore || step.kind == Kind::kReadModifyWrite ||
         step.kind == Kind::kCompareExchange);
    if (!announces) continue;
    const size_t look = LookWithoutWakeup(steps, step, i - 1, waited_for);
    if (look == kNone) continue;
    missed->looked_at = look;
    missed->announced_at = i - 1;
    return true;
  }
  return false;
}

int FirstThreadIn(uint64_t threads) {
  return threads == 0 ? -1 : __builtin_ctzll(threads);
}

}  // namespace

bool ExplainMiss(const Buffer<Step>& steps, int sleeper, MissedWakeup* missed) {
  missed->sleeper = sleeper;
  missed->slept_at = LastWaitOf(steps, sleeper);
  if (missed->slept_at == kNone) return false;
  missed->wakeup_at = ConsumedWakeup(steps, *missed);
  if (missed->wakeup_at != kNone) {
    missed->miss = Miss::kConsumed;
    missed->consumer = FirstThreadIn(steps[missed->wakeup_at].reached);
    return true;
  }
  if (FindFilter(steps, missed)) {
    missed->miss = Miss::kFiltered;
    return true;
  }
  missed->wakeup_at = EarlierWakeup(steps, *missed);
  if (missed->wakeup_at == kNone) {
    missed->miss = Miss::kNobodyTried;
  } else if (steps[missed->wakeup_at].reached != 0 &&
             FirstThreadIn(steps[missed->wakeup_at].reached) != sleeper) {
    missed->miss = Miss::kConsumed;
    missed->consumer = FirstThreadIn(steps[missed->wakeup_at].reached);
  } else {
    missed->miss = Miss::kBeforeTheWait;
  }
  return true;
}

}  // namespace reveille::explore
