#include "story.h"

#include <new>

#include "choice.h"
#include "missed_wakeup.h"

namespace reveille::explore {
namespace {

constexpr size_t kMostLines = 300;
constexpr size_t kFirstLines = 60;
constexpr uint32_t kMostObjects = 4096;

const char* ClassOfKind(Kind kind) {
  switch (kind) {
    case Kind::kLock:
    case Kind::kTryLock:
    case Kind::kUnlock:
    case Kind::kReadLock:
    case Kind::kTryReadLock:
      return "lock";
    case Kind::kConditionWait:
    case Kind::kSignal:
    case Kind::kBroadcast:
      return "condition";
    case Kind::kFutexWait:
    case Kind::kFutexWake:
      return "futex word";
    case Kind::kSemaphoreWait:
    case Kind::kSemaphoreTryWait:
    case Kind::kSemaphorePost:
      return "semaphore";
    case Kind::kBarrierWait:
      return "barrier";
    case Kind::kOnce:
    case Kind::kGuard:
      return "guard";
    case Kind::kFileRead:
    case Kind::kFileWrite:
    case Kind::kFileClose:
    case Kind::kFileControl:
    case Kind::kPoll:
    case Kind::kEpollControl:
    case Kind::kEpollWait:
      return "descriptor";
    case Kind::kPlainRead:
    case Kind::kPlainWrite:
      return "variable";
    default:
      return "atomic";
  }
}

bool ConcernsAThread(Kind kind) {
  return kind == Kind::kCreate || kind == Kind::kJoin || kind == Kind::kStart ||
         kind == Kind::kExit || kind == Kind::kSleep || kind == Kind::kCrash ||
         kind == Kind::kFail;
}

bool ConcernsATask(Kind kind) {
  return kind == Kind::kSubmit || kind == Kind::kStartTask ||
         kind == Kind::kFinishTask;
}

bool HasObject(Kind kind) {
  return !ConcernsAThread(kind) && !ConcernsATask(kind) && kind != Kind::kYield;
}

// Which objects several threads met at, and one changed.
class Meetings {
 public:
  explicit Meetings(const Buffer<Step>& steps) {
    for (const Step& step : steps) {
      if (!HasObject(step.kind) || step.name >= kMostObjects) continue;
      threads_[step.name] |= uint64_t{1} << step.thread;
      if (!OnlyLooks(step.kind)) changed_[step.name] = true;
    }
  }
  bool Matters(const Step& step) const {
    if (step.blocks || step.preempts) return true;
    if (step.kind == Kind::kYield || step.kind == Kind::kStart) return false;
    if (!HasObject(step.kind)) return true;
    if (step.name >= kMostObjects) return true;
    const uint64_t threads = threads_[step.name];
    return (threads & (threads - 1)) != 0 && changed_[step.name];
  }

 private:
  uint64_t threads_[kMostObjects] = {};
  bool changed_[kMostObjects] = {};
};

bool SameLook(const Step& a, const Step& b) {
  return a.thread == b.thread && a.kind == b.kind && a.name == b.name &&
         a.frames[0] == b.frames[0] && a.effect == Effect::kSaw &&
         b.effect == Effect::kSaw && a.before == b.before;
}

void AppendValue(uint64_t value, Text* text) {
  const int64_t number = static_cast<int64_t>(value);
  // Narrow unsigned values come zero-extended; small negatives are meant.
  const int32_t narrow = static_cast<int32_t>(value);
  if (value >> 32 == 0 && narrow < 0 && narrow > -1000) {
    text->Format("%d", narrow);
  } else if (number > -100000 && number < 100000) {
    text->Format("%lld", static_cast<long long>(number));
  } else {
    text->Format("0x%llx", static_cast<unsigned long long>(value));
  }
}

bool ShowsValues(Kind kind) {
  return kind == Kind::kLoad || kind == Kind::kStore ||
         kind == Kind::kReadModifyWrite || kind == Kind::kCompareExchange ||
         kind == Kind::kFutexWait || kind == Kind::kSemaphorePost ||
         kind == Kind::kPlainRead;
}

void AppendEffect(const Step& step, Text* text) {
  if (step.failed && !ShowsValues(step.kind)) text->Append(": in vain");
  if (!ShowsValues(step.kind)) return;
  if (step.effect == Effect::kSaw) {
    text->Append(": ");
    AppendValue(step.before, text);
    if (step.kind == Kind::kCompareExchange) text->Append(", not swapped");
    if (step.kind == Kind::kFutexWait && step.failed) {
      text->Append(", returns at once");
    }
  } else if (step.effect == Effect::kChanged) {
    text->Append(": ");
    AppendValue(step.before, text);
    text->Append(" -> ");
    AppendValue(step.after, text);
  }
}

void AppendReached(const Account& account, const Step& step, Text* text) {
  if (!IsWakeup(step.kind) || step.kind == Kind::kFileWrite ||
      step.kind == Kind::kSemaphorePost) {
    return;
  }
  if (step.reached == 0) {
    text->Append(", reaching nobody");
    return;
  }
  text->Append(", waking ");
  for (uint64_t rest = step.reached; rest != 0; rest &= rest - 1) {
    if (rest != step.reached) text->Append(" and ");
    AppendThread(account, __builtin_ctzll(rest), text);
  }
}

}  // namespace

void AppendOperation(const Account& account, const Step& step, Text* text) {
  text->Append(WordFor(step.kind));
  if (step.kind == Kind::kCreate || step.kind == Kind::kJoin) {
    text->Append(" ");
    if (step.kind == Kind::kJoin) text->Append("thread ");
    text->Format("%d", static_cast<int>(step.object >> 3) - 1);
  } else if (ConcernsATask(step.kind)) {
    text->Format(" %zu", static_cast<size_t>(step.object));
  } else if (HasObject(step.kind)) {
    text->Append(" ");
    AppendObject(account, step, text);
  }
  AppendEffect(step, text);
  AppendReached(account, step, text);
  if (step.blocks) text->Append(" (has to wait)");
}

namespace {

void AppendLine(const Account& account, size_t index, size_t times,
                Text* text) {
  const Step& step = account.history->steps()[index];
  text->Format("%s%5zu  ", step.preempts ? "->" : "  ", index + 1);
  AppendThread(account, step.thread, text);
  text->PadTo(30);
  text->Append(" ");
  AppendOperation(account, step, text);
  if (times > 1) text->Format(" (%zu times)", times);
  text->PadTo(88);
  text->Append(" ");
  AppendPlace(account, step, text);
  text->Append("\n");
}

struct Line {
  uint32_t step;
  uint32_t times;
};

void CollectLines(const Account& account, Buffer<Line>* lines) {
  const Buffer<Step>& steps = account.history->steps();
  void* place = ReserveMemory(sizeof(Meetings));
  const Meetings* meetings = new (place) Meetings(steps);
  for (size_t i = 0; i < steps.size(); ++i) {
    if (!meetings->Matters(steps[i])) continue;
    if (!lines->empty() && SameLook(steps[lines->back().step], steps[i])) {
      ++lines->back().times;
      continue;
    }
    lines->Push({static_cast<uint32_t>(i), 1});
  }
  munmap(place, sizeof(Meetings));
}

void TellSteps(const Account& account, Text* text) {
  Buffer<Line> lines(History::kMostSteps);
  CollectLines(account, &lines);
  text->Format(
      "What happened (%zu lines for %zu operations; -> marks a preemption)\n\n",
      lines.size(), account.history->steps().size());
  const bool all = lines.size() <= kMostLines;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!all && i == kFirstLines) {
      const size_t left_out = lines.size() - kMostLines;
      text->Format("         ... %zu lines left out ...\n", left_out);
      i += left_out;
    }
    AppendLine(account, lines[i].step, lines[i].times, text);
  }
}

void AppendStepNumber(size_t index, Text* text) {
  text->Format("step %zu", index + 1);
}

// "thread 1 in step 7 (pool.cc:12 in Submit)".
void AppendWho(const Account& account, size_t index, Text* text) {
  const Step& step = account.history->steps()[index];
  AppendThread(account, step.thread, text);
  text->Append(" in ");
  AppendStepNumber(index, text);
  text->Append(" (");
  AppendPlace(account, step, text);
  text->Append(")");
}

void TellMiss(const Account& account, const MissedWakeup& missed, Text* text) {
  const Buffer<Step>& steps = account.history->steps();
  text->Append("    ");
  switch (missed.miss) {
    case Miss::kNobodyTried:
      text->Append("Nobody ever tried to wake it.\n");
      break;
    case Miss::kBeforeTheWait:
      text->Append("Missed wakeup, before the wait: ");
      AppendWho(account, missed.wakeup_at, text);
      text->Format(" %s, but ", WordFor(steps[missed.wakeup_at].kind));
      AppendThread(account, missed.sleeper, text);
      text->Append(" was not asleep before ");
      AppendStepNumber(missed.slept_at, text);
      text->Append(", and slept all the same.\n");
      break;
    case Miss::kConsumed:
      text->Append("Missed wakeup, consumed by another: ");
      AppendWho(account, missed.wakeup_at, text);
      text->Format(" %s and reached ", WordFor(steps[missed.wakeup_at].kind));
      AppendThread(account, missed.consumer, text);
      text->Append(" instead; no other wakeup followed.\n");
      break;
    case Miss::kFiltered:
      text->Append("Missed wakeup, filtered by a stale look: ");
      AppendWho(account, missed.looked_at, text);
      text->Append(" looked at ");
      AppendObject(account, steps[missed.looked_at], text);
      AppendEffect(steps[missed.looked_at], text);
      text->Append(" and so woke nobody; ");
      AppendThread(account, missed.sleeper, text);
      text->Append(" announced itself there only in ");
      AppendStepNumber(missed.announced_at, text);
      text->Append(" (");
      AppendPlace(account, steps[missed.announced_at], text);
      text->Append(").\n");
      break;
  }
}

size_t LastStepOf(const Account& account, int thread) {
  const Buffer<Step>& steps = account.history->steps();
  for (size_t i = steps.size(); i > 0; --i) {
    if (steps[i - 1].thread == thread) return i - 1;
  }
  return 0;
}

void TellStuckThread(const Account& account, int thread, Text* text) {
  const size_t last = LastStepOf(account, thread);
  const Step& step = account.history->steps()[last];
  text->Append("  ");
  AppendThread(account, thread, text);
  const bool spins = Contains(account.aftermath->spinning, thread);
  text->Append(spins ? " spins for good: it " : " is stuck: it ");
  AppendOperation(account, step, text);
  text->Append(", ");
  AppendPlace(account, step, text);
  text->Append(".\n");
  MissedWakeup missed;
  if (ExplainMiss(account.history->steps(), thread, &missed)) {
    TellMiss(account, missed, text);
  }
}

// Whether the verdict is about threads that cannot go on; otherwise those who
// could not are no part of the story.
bool IsAboutStuckThreads(Verdict verdict) {
  return verdict == Verdict::kDeadlock ||
         verdict == Verdict::kPartialDeadlock ||
         verdict == Verdict::kIdleWorker || verdict == Verdict::kLivelock;
}

void TellWhy(const Account& account, Text* text) {
  if (account.aftermath->stuck == 0) return;
  if (!IsAboutStuckThreads(account.outcome->verdict)) return;
  text->Append("\nWhy\n\n");
  for (uint64_t rest = account.aftermath->stuck; rest != 0; rest &= rest - 1) {
    TellStuckThread(account, __builtin_ctzll(rest), text);
  }
}

void TellCrash(const Account& account, Text* text) {
  const Outcome& outcome = *account.outcome;
  if (outcome.verdict != Verdict::kCrash || outcome.thread < 0) return;
  if (account.history->steps().empty()) return;
  const Step& step =
      account.history->steps()[LastStepOf(account, outcome.thread)];
  text->Append("\nStack, innermost first\n\n");
  for (uintptr_t pc : step.frames) {
    if (pc == 0) break;
    const Place place = account.symbolizer->PlaceOf(pc);
    text->Format("  %s:%d in %s\n", place.file, place.line, place.function);
  }
}

}  // namespace

void WantPlaces(const History& history, Symbolizer* symbolizer) {
  for (const Step& step : history.steps()) {
    for (uintptr_t pc : step.frames) symbolizer->Want(pc);
  }
}

void AppendThread(const Account& account, int thread, Text* text) {
  text->Format("thread %d", thread);
  const char* name = account.aftermath->names[thread];
  if (name[0] != 0) text->Format(" (%s)", name);
}

void AppendObject(const Account& account, const Step& step, Text* text) {
  const char* word = ClassOfKind(step.kind);
  for (const Step& other : account.history->steps()) {
    if (other.name == step.name && IsWaitForWakeup(other.kind)) {
      word = ClassOfKind(other.kind);
      break;
    }
  }
  text->Format("%s %u", word, step.name);
}

void AppendPlace(const Account& account, const Step& step, Text* text) {
  Place best;
  best.is_library = true;
  for (uintptr_t pc : step.frames) {
    if (pc == 0) break;
    const Place place = account.symbolizer->PlaceOf(pc);
    if (best.file[0] == 0) best = place;
    if (place.is_library) continue;
    best = place;
    break;
  }
  if (best.file[0] == 0) {
    text->Append("somewhere");
  } else {
    text->Format("%s:%d in %s", best.file, best.line, best.function);
  }
}

void TellStory(const Account& account, Text* text) {
  const Outcome& outcome = *account.outcome;
  text->Format("%s: %s\n\n", NameOf(outcome.verdict), outcome.message);
  TellSteps(account, text);
  TellWhy(account, text);
  TellCrash(account, text);
}

}  // namespace reveille::explore
