#include "account.h"

#include <string.h>

#include "choice.h"
#include "missed_wakeup.h"

namespace reveille::explore {
namespace {

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

bool ConcernsATask(Kind kind) {
  return kind == Kind::kSubmit || kind == Kind::kStartTask ||
         kind == Kind::kFinishTask;
}

bool ShowsValues(Kind kind) {
  return kind == Kind::kLoad || kind == Kind::kStore ||
         kind == Kind::kReadModifyWrite || kind == Kind::kCompareExchange ||
         kind == Kind::kFutexWait || kind == Kind::kSemaphorePost ||
         kind == Kind::kPlainRead;
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

// "Queue::Get" of "pool::internal::Queue::Get() const".
const char* LastTwoNames(const char* function) {
  const char* names[2] = {function, function};
  for (const char* at = function; *at != 0 && *at != '('; ++at) {
    if (at[0] != ':' || at[1] != ':') continue;
    names[0] = names[1];
    names[1] = at + 2;
  }
  return names[0];
}

// Calls for_each(place) for the places of a step, innermost first, until it
// returns true.
template <typename ForEach>
void WalkPlaces(const Symbolizer& symbolizer, const Step& step,
                ForEach for_each) {
  for (uintptr_t pc : step.frames) {
    if (pc == 0) return;
    const InlinedPlaces& inlined = symbolizer.PlacesOf(pc);
    for (int i = 0; i < inlined.count; ++i) {
      if (for_each(inlined.places[i])) return;
    }
  }
}

}  // namespace

void WantPlaces(const History& history, Symbolizer* symbolizer) {
  for (const Step& step : history.steps()) {
    for (uintptr_t pc : step.frames) symbolizer->Want(pc);
  }
}

Place InnermostPlaceOf(const Symbolizer& symbolizer, const Step& step) {
  Place best;
  best.is_library = true;
  WalkPlaces(symbolizer, step, [&best](const Place& place) {
    if (best.file[0] == 0 || !place.is_library) best = place;
    return !place.is_library;
  });
  return best;
}

Place TellingPlaceOf(const Symbolizer& symbolizer, const Step& step) {
  Place best;
  bool found = false;
  WalkPlaces(symbolizer, step, [&](const Place& place) {
    found = !place.is_library && !place.is_tiny;
    if (found) best = place;
    return found;
  });
  return found ? best : InnermostPlaceOf(symbolizer, step);
}

void AppendThread(const Account& account, int thread, Text* text) {
  text->Format("thread %d", thread);
  const char* name = account.aftermath->names[thread];
  if (name[0] != 0) text->Format(" (%s)", name);
}

void AppendStepNumber(uint32_t step, Text* text) {
  text->Format("step %u", step + 1);
}

void AppendObject(const Account& account, uint32_t index, Text* text) {
  const Step& step = account.steps()[index];
  const uint32_t thing = (*account.links)[index].thing;
  if (thing != 0 && account.names->HasName(thing)) {
    account.names->Append(thing, text);
    return;
  }
  const uint32_t number =
      thing == 0 ? step.name : account.names->NumberOf(thing);
  text->Format("%s %u", ClassOfKind(step.kind), number);
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

void AppendEffect(const Step& step, Text* text) {
  if (step.failed && !ShowsValues(step.kind)) text->Append(": in vain");
  if (!ShowsValues(step.kind)) return;
  if (step.effect == Effect::kSaw) {
    text->Append(": ");
    AppendValue(step.before, text);
    if (step.kind == Kind::kCompareExchange) text->Append(", not swapped");
    if (step.kind == Kind::kFutexWait && step.failed) {
      text->Append(step.blocks ? ", until its time is up"
                               : ", returns at once");
    }
  } else if (step.effect == Effect::kChanged) {
    text->Append(": ");
    AppendValue(step.before, text);
    text->Append(" -> ");
    AppendValue(step.after, text);
  }
}

void AppendOperation(const Account& account, uint32_t index, Text* text) {
  const Step& step = account.steps()[index];
  text->Append(WordFor(step.kind));
  if (step.kind == Kind::kCreate || step.kind == Kind::kJoin) {
    text->Append(" ");
    if (step.kind == Kind::kJoin) text->Append("thread ");
    text->Format("%d", static_cast<int>(step.object >> 3) - 1);
  } else if (ConcernsATask(step.kind)) {
    text->Format(" %zu", static_cast<size_t>(step.object));
  } else if (HasObject(step.kind)) {
    text->Append(" ");
    AppendObject(account, index, text);
  }
  AppendEffect(step, text);
  AppendReached(account, step, text);
  if (step.blocks) text->Append(" (has to wait)");
}

void AppendPlace(const Account& account, uint32_t index, Text* text) {
  const Place place =
      TellingPlaceOf(*account.symbolizer, account.steps()[index]);
  if (place.file[0] == 0) {
    text->Append("somewhere");
  } else {
    text->Format("%s:%d in %s", place.file, place.line,
                 LastTwoNames(place.function));
  }
}

void AppendPlaceAndCode(const Account& account, uint32_t index, size_t most,
                        Text* text) {
  const Place place =
      TellingPlaceOf(*account.symbolizer, account.steps()[index]);
  AppendPlace(account, index, text);
  const size_t length = strlen(place.code);
  if (length == 0) return;
  text->Append(": ");
  text->Append(place.code, length < most ? length : most);
  if (length > most) text->Append("...");
}

}  // namespace reveille::explore
