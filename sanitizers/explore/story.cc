#include "story.h"

#include <string.h>

#include "slice.h"
#include "why.h"

namespace reveille::explore {
namespace {

constexpr size_t kMostOperations = 30;
constexpr size_t kMostCode = 60;

// "1 rvl-0 P1".
void AppendLane(const Account& account, const Step& step, Text* text) {
  text->Format("%d %s", step.thread, account.aftermath->names[step.thread]);
  if (step.worker >= 0) text->Format(" P%d", step.worker);
}

// Since its step before, another thread ran, and took the processor away from
// it or from somebody else.
bool BeginsByPreemption(const Account& account, uint32_t index,
                        uint32_t shown_before) {
  const Buffer<Step>& steps = account.steps();
  for (uint32_t at = index;; --at) {
    if (steps[at].thread != steps[index].thread) return false;
    if (steps[at].preempts) return true;
    if (at == 0 || at == shown_before + 1) return false;
  }
}

void TellStep(const Account& account, uint32_t index, uint32_t left_out,
              bool preempts, Text* text) {
  if (left_out == 0) {
    text->PadTo(9);
  } else {
    text->Format("%9u", left_out);
  }
  text->Format(" %s%6u  ", preempts ? "->" : "  ", index + 1);
  AppendLane(account, account.steps()[index], text);
  text->PadTo(32);
  text->Append(" ");
  AppendOperation(account, index, text);
  text->PadTo(78);
  text->Append("  ");
  AppendPlaceAndCode(account, index, kMostCode, text);
  text->Append("\n");
}

void TellSteps(const Account& account, const Slice& slice, Text* text) {
  const uint32_t count = static_cast<uint32_t>(account.steps().size());
  text->Format(
      "What happened: %zu of %u operations; before them, how many are left "
      "out\n(-> marks a preemption; `replay --trace` has everything)\n\n",
      slice.count(), count);
  uint32_t next = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (!slice.Has(i)) continue;
    TellStep(account, i, i - next, BeginsByPreemption(account, i, next - 1),
             text);
    next = i + 1;
  }
  if (next < count) text->Format("%9u\n", count - next);
}

void TellStack(const Account& account, Text* text) {
  const Outcome& outcome = *account.outcome;
  const bool crashed = outcome.verdict == Verdict::kCrash;
  if ((!crashed && !outcome.silent) || outcome.thread < 0) return;
  const uint32_t last = account.links->LastOf(outcome.thread);
  if (last == kNoStep) return;
  text->Append("\nStack, innermost first\n\n");
  for (uintptr_t pc : account.steps()[last].frames) {
    if (pc == 0) break;
    const Place place = account.symbolizer->PlaceOf(pc);
    text->Format("  %s:%d in %s\n", place.file, place.line, place.function);
  }
}

}  // namespace

void TellStory(const Account& account, Text* text) {
  const Outcome& outcome = *account.outcome;
  text->Format("%s: %s\n\n", NameOf(outcome.verdict), outcome.message);
  const Why why = WhyOf(account);
  TellWhy(account, why, text);
  Slice slice(account.steps(), *account.links);
  BeginSlice(account, why, &slice);
  slice.Grow(kMostOperations);
  TellSteps(account, slice, text);
  TellStack(account, text);
}

}  // namespace reveille::explore
