#include "why.h"

#include "choice.h"
#include "holder.h"

namespace reveille::explore {
namespace {

constexpr size_t kMostCode = 60;
constexpr int kMostTasks = 5;

// Whether the verdict is about threads that cannot go on; otherwise those who
// could not are no part of the story.
bool IsAboutStuckThreads(Verdict verdict) {
  return verdict == Verdict::kDeadlock ||
         verdict == Verdict::kPartialDeadlock ||
         verdict == Verdict::kIdleWorker || verdict == Verdict::kLivelock ||
         verdict == Verdict::kLostTask;
}

bool IsSpinning(const Account& account, int thread) {
  return Contains(account.aftermath->spinning, thread);
}

void KeepBest(const MissedWakeup& missed, Why* why) {
  if (missed.weight == 0) return;
  const MissedWakeup& best = why->misses[0];
  if (why->miss_count > 0 && IsBetter(best, missed)) return;
  if (why->miss_count > 0 && IsBetter(missed, best)) why->miss_count = 0;
  if (why->miss_count < kMostMisses) why->misses[why->miss_count++] = missed;
}

// --- the proof of a missed wakeup, step by step

enum class Role : uint8_t {
  kExpectation,
  kLook,
  kChange,
  kReturn,
  kWakerLook,
  kAnnouncement,
  kWakeup,
  kSleep,
};

struct Evidence {
  uint32_t step;
  Role role;
};

int EvidenceOf(const MissedWakeup& missed, Evidence* evidence) {
  const Evidence all[] = {
      {missed.expected_at, Role::kExpectation},
      {missed.looked_at, Role::kLook},
      {missed.changed_at, Role::kChange},
      {missed.returned_at, Role::kReturn},
      {missed.waker_looked_at, Role::kWakerLook},
      {missed.announced_at, Role::kAnnouncement},
      {missed.wakeup_at, Role::kWakeup},
      {missed.slept_at, Role::kSleep},
  };
  int count = 0;
  for (const Evidence& one : all) {
    const bool is_repeated =
        (one.role == Role::kReturn && one.step == missed.changed_at) ||
        (one.role == Role::kLook && one.step == missed.slept_at);
    if (one.step == kNoStep || is_repeated) continue;
    int at = count++;
    for (; at > 0 && evidence[at - 1].step > one.step; --at) {
      evidence[at] = evidence[at - 1];
    }
    evidence[at] = one;
  }
  return count;
}

constexpr int kMostEvidence = 8;

void AppendMeaning(const Account& account, const MissedWakeup& missed,
                   Role role, Text* text) {
  switch (role) {
    case Role::kExpectation:
      text->Append(" (what its wait will expect)");
      break;
    case Role::kLook:
      text->Append(" (its last look there)");
      break;
    case Role::kChange:
      if (missed.unseen) text->Append(" (nobody else has looked since)");
      if (missed.returned_at == missed.changed_at) {
        text->Append(" (as expected: the wait cannot notice)");
      }
      break;
    case Role::kReturn:
      text->Append(" (as expected: the wait cannot notice)");
      break;
    case Role::kWakerLook:
      text->Append(" (and wakes nobody)");
      break;
    case Role::kAnnouncement:
      text->Append(" (too late for that look)");
      break;
    case Role::kWakeup:
      if (missed.miss == Miss::kBeforeTheWait) {
        text->Append(" (too early for ");
        AppendThread(account, missed.sleeper, text);
        text->Append(")");
      }
      break;
    case Role::kSleep:
      text->Append(", for good");
      break;
  }
}

void TellEvidence(const Account& account, const MissedWakeup& missed,
                  Text* text) {
  Evidence evidence[kMostEvidence];
  const int count = EvidenceOf(missed, evidence);
  for (int i = 0; i < count; ++i) {
    const uint32_t index = evidence[i].step;
    text->Format("    %6u  ", index + 1);
    const Step& step = account.steps()[index];
    AppendThread(account, step.thread, text);
    if (step.worker >= 0) text->Format(" as P%d", step.worker);
    text->Append(" ");
    AppendOperation(account, index, text);
    AppendMeaning(account, missed, evidence[i].role, text);
    text->Append("\n            ");
    AppendPlaceAndCode(account, index, kMostCode, text);
    text->Append("\n");
  }
}

void AppendWho(const Account& account, uint32_t index, Text* text) {
  AppendThread(account, account.steps()[index].thread, text);
  text->Append(" in ");
  AppendStepNumber(index, text);
}

void TellBeforeTheWait(const Account& account, const MissedWakeup& missed,
                       Text* text) {
  text->Append("before the wait: ");
  AppendWho(account, missed.wakeup_at, text);
  text->Format(" %s ", WordFor(account.steps()[missed.wakeup_at].kind));
  AppendObject(account, missed.wakeup_at, text);
  if (missed.changed_at != kNoStep) {
    text->Append(", when ");
    AppendThread(account, missed.sleeper, text);
    text->Append(" had looked (");
    AppendStepNumber(missed.looked_at, text);
    text->Append(") but did not sleep yet (");
  } else {
    text->Append(", when ");
    AppendThread(account, missed.sleeper, text);
    text->Append(" did not sleep yet (");
  }
  AppendStepNumber(missed.slept_at, text);
  text->Append(").");
}

void TellConsumed(const Account& account, const MissedWakeup& missed,
                  Text* text) {
  text->Append("consumed by another: ");
  AppendWho(account, missed.wakeup_at, text);
  text->Format(" %s ", WordFor(account.steps()[missed.wakeup_at].kind));
  AppendObject(account, missed.wakeup_at, text);
  text->Append(" and reached ");
  AppendThread(account, missed.consumer, text);
  const uint32_t last = account.links->LastOf(missed.consumer);
  const bool sleeps_again =
      last != kNoStep && account.steps()[last].blocks &&
      account.steps()[last].object == account.steps()[missed.slept_at].object;
  if (sleeps_again) text->Append(", which went back to sleep");
  text->Append(", while ");
  AppendThread(account, missed.sleeper, text);
  text->Append(" slept.");
}

void TellFiltered(const Account& account, const MissedWakeup& missed,
                  Text* text) {
  text->Append("filtered by a stale look: ");
  AppendWho(account, missed.waker_looked_at, text);
  text->Append(" looked at ");
  AppendObject(account, missed.waker_looked_at, text);
  AppendEffect(account.steps()[missed.waker_looked_at], text);
  text->Append(", and woke nobody; ");
  AppendThread(account, missed.sleeper, text);
  text->Append(" changed it only in ");
  AppendStepNumber(missed.announced_at, text);
  text->Append(".");
}

void TellMiss(const Account& account, const MissedWakeup& missed, Text* text) {
  text->Append("    ");
  AppendMiss(account, missed, text);
  text->Append("\n");
  TellEvidence(account, missed, text);
}

// --- who cannot go on

const MissedWakeup* MissOf(const Why& why, int thread) {
  for (int i = 0; i < why.miss_count; ++i) {
    if (why.misses[i].sleeper == thread) return &why.misses[i];
  }
  return nullptr;
}

void TellHolder(const Account& account, const Holder& holder, Text* text) {
  if (holder.thread < 0 || holder.acquired_at == kNoStep) return;
  text->Append("\n    ");
  AppendThread(account, holder.thread, text);
  text->Append(" holds it since ");
  AppendStepNumber(holder.acquired_at, text);
  text->Append(": ");
  AppendPlaceAndCode(account, holder.acquired_at, kMostCode, text);
}

void TellStuckThread(const Account& account, const Why& why, int thread,
                     Text* text) {
  const uint32_t last = account.links->LastOf(thread);
  if (last == kNoStep) return;
  text->Append("  ");
  AppendThread(account, thread, text);
  text->Append(" ");
  AppendOperation(account, last, text);
  if (IsSpinning(account, thread)) {
    text->Append(" again and again");
  } else if (last < account.aftermath->told_from) {
    text->Append(" since ");
    AppendStepNumber(last, text);
  }
  if (Contains(why.untried, thread) && MissOf(why, thread) == nullptr) {
    text->Append("; nobody has tried to wake it");
  }
  text->Append("\n    ");
  AppendPlaceAndCode(account, last, kMostCode, text);
  TellHolder(account, HolderFor(account.steps(), last), text);
  text->Append("\n");
}

void TellCircle(const Account& account, uint64_t circle, Text* text) {
  if (circle == 0) return;
  text->Append("  They wait for each other in a circle: ");
  const int first = __builtin_ctzll(circle);
  int at = first;
  do {
    AppendThread(account, at, text);
    text->Append(" for ");
    at = HolderFor(account.steps(), account.links->LastOf(at)).thread;
  } while (at != first);
  AppendThread(account, first, text);
  text->Append(".\n");
}

bool HasStarted(const Account& account, uintptr_t task) {
  for (const Step& step : account.steps()) {
    if (step.kind == Kind::kStartTask && step.object == task) return true;
  }
  return false;
}

// Calls tell(step) for submissions of tasks that never started.
template <typename Tell>
void ForWaitingTasks(const Account& account, Tell tell) {
  int left = kMostTasks;
  for (uint32_t i = 0; i < account.steps().size() && left > 0; ++i) {
    const Step& step = account.steps()[i];
    if (step.kind != Kind::kSubmit || HasStarted(account, step.object))
      continue;
    tell(i);
    --left;
  }
}

void TellWaitingTasks(const Account& account, Text* text) {
  ForWaitingTasks(account, [&](uint32_t step) {
    text->Format("  Task %zu never started. ",
                 static_cast<size_t>(account.steps()[step].object));
    AppendWho(account, step, text);
    text->Append(" submitted it\n    ");
    AppendPlaceAndCode(account, step, kMostCode, text);
    text->Append("\n");
  });
}

}  // namespace

void AppendMiss(const Account& account, const MissedWakeup& missed,
                Text* text) {
  switch (missed.miss) {
    case Miss::kUnknown:
      text->Append(
          "It missed a change; who should have woken it is not known.");
      break;
    case Miss::kNobodyTried:
      text->Append("It missed a change, and nobody tried to wake it.");
      break;
    case Miss::kBeforeTheWait:
      text->Append("Missed wakeup, ");
      return TellBeforeTheWait(account, missed, text);
    case Miss::kConsumed:
      text->Append("Missed wakeup, ");
      return TellConsumed(account, missed, text);
    case Miss::kFiltered:
      text->Append("Missed wakeup, ");
      return TellFiltered(account, missed, text);
  }
}

Why WhyOf(const Account& account) {
  Why why;
  if (!IsAboutStuckThreads(account.outcome->verdict)) return why;
  why.stuck = account.aftermath->stuck;
  for (uint64_t rest = why.stuck; rest != 0; rest &= rest - 1) {
    why.circle |= CircleThrough(account.steps(), *account.links, why.stuck,
                                __builtin_ctzll(rest));
    if (why.circle != 0) return why;
  }
  for (uint64_t rest = why.stuck; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    if (IsSpinning(account, thread)) continue;
    MissedWakeup missed;
    if (!ExplainMiss(account.steps(), *account.links,
                     account.aftermath->told_from, thread, &missed)) {
      continue;
    }
    if (missed.miss == Miss::kNobodyTried) why.untried |= uint64_t{1} << thread;
    KeepBest(missed, &why);
  }
  return why;
}

void BeginSlice(const Account& account, const Why& why, Slice* slice) {
  for (int i = 0; i < why.miss_count; ++i) {
    Evidence evidence[kMostEvidence];
    const int count = EvidenceOf(why.misses[i], evidence);
    for (int k = 0; k < count; ++k) slice->Begin(evidence[k].step, 0);
  }
  for (uint64_t rest = why.stuck; rest != 0; rest &= rest - 1) {
    const uint32_t last = account.links->LastOf(__builtin_ctzll(rest));
    if (last == kNoStep) continue;
    slice->Begin(last, 1);
    slice->Begin(HolderFor(account.steps(), last).acquired_at, 0);
  }
  ForWaitingTasks(account, [slice](uint32_t step) { slice->Begin(step, 0); });
  const int thread = account.outcome->thread;
  if (thread >= 0) slice->Begin(account.links->LastOf(thread), 0);
  if (thread < 0 && why.stuck == 0 && !account.steps().empty()) {
    slice->Begin(static_cast<uint32_t>(account.steps().size() - 1), 0);
  }
}

void TellWhy(const Account& account, const Why& why, Text* text) {
  if (why.stuck == 0) return;
  text->Append("Who cannot go on, and why\n\n");
  // The thread that should have been woken comes first.
  for (int i = 0; i < why.miss_count; ++i) {
    TellStuckThread(account, why, why.misses[i].sleeper, text);
    TellMiss(account, why.misses[i], text);
  }
  for (uint64_t rest = why.stuck; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    if (MissOf(why, thread) == nullptr)
      TellStuckThread(account, why, thread, text);
  }
  TellCircle(account, why.circle, text);
  TellWaitingTasks(account, text);
  text->Append("\n");
}

}  // namespace reveille::explore
