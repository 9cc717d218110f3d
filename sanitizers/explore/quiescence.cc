// Nobody can run. Is that rest, or death?
#include <string.h>

#include "execution.h"
#include "text.h"
#include "virtual_time.h"

namespace reveille::explore {
namespace {

void JudgeIdleWorkersNow() {
  const Ledger& ledger = g_execution.ledger;
  if (!ledger.HasIdleWorkerAndWork()) return;
  End(Verdict::kIdleWorker,
      "%u of %u submitted tasks started, %u running, and %u of %u workers "
      "idle; nobody can run",
      ledger.started, ledger.submitted, ledger.running(),
      ledger.workers - ledger.running(), ledger.workers);
}

// When rescues are judged, the clock may still come to the rescue.
void JudgeIdleWorkers() {
  Execution& x = g_execution;
  if (!x.limits.after_rescue) {
    JudgeIdleWorkersNow();
  } else if (x.ledger.HasIdleWorkerAndWork()) {
    x.ledger.rescue_noted = true;
  }
}

// The oracle is no thread of the code under test: what it does must not be
// taken for visible operations.
Judgement Ask(Judgement (Oracle::*question)()) {
  Oracle* oracle = g_execution.oracle;
  if (oracle == nullptr) return {};
  Fiber* self = t_fiber;
  t_fiber = nullptr;
  const Judgement judgement = (oracle->*question)();
  t_fiber = self;
  return judgement;
}

void Respect(const Judgement& judgement) {
  if (judgement.verdict != Verdict::kClean) {
    End(judgement.verdict, "%s", judgement.message);
  }
}

void JudgeLedgerAtEnd() {
  const Ledger& ledger = g_execution.ledger;
  if (ledger.started < ledger.submitted) {
    End(Verdict::kLostTask, "%u of %u submitted tasks never started",
        ledger.submitted - ledger.started, ledger.submitted);
  }
}

[[noreturn]] void EndInPeace() {
  JudgeLedgerAtEnd();
  Respect(Ask(&Oracle::AtEnd));
  End(Verdict::kClean, "%s", "");
}

// Threads that still live but were not allowed to wait for ever.
uint64_t Stuck() {
  Execution& x = g_execution;
  uint64_t stuck = 0;
  for (uint64_t rest = x.alive; rest != 0; rest &= rest - 1) {
    const Fiber& fiber = x.fibers[__builtin_ctzll(rest)];
    if (!fiber.may_wait_forever) stuck |= fiber.bit;
  }
  return stuck;
}

void Describe(const Fiber& fiber, Text* text) {
  const PendingEvent& event = PendingOf(&fiber);
  text->Format("%sthread %d", text->size() == 0 ? "" : "; ", fiber.id);
  if (fiber.name[0] != 0) text->Format(" (%s)", fiber.name);
  text->Format(" %s object %u", WordFor(event.kind),
               g_execution.objects.At(event.object)->name);
  if ((g_execution.spinning & fiber.bit) != 0) text->Append(", spinning");
}

[[noreturn]] void EndStuck(uint64_t stuck) {
  Execution& x = g_execution;
  x.outcome.thread = __builtin_ctzll(stuck);
  JudgeIdleWorkersNow();
  Respect(Ask(&Oracle::WhenStuck));
  Text who(4096);
  for (uint64_t rest = stuck; rest != 0; rest &= rest - 1) {
    Describe(x.fibers[__builtin_ctzll(rest)], &who);
  }
  const char* clock =
      OnlyTheClockTurns() ? " (only the clock still wakes threads)" : "";
  if ((x.spinning & stuck) != 0) {
    End(Verdict::kLivelock, "spinning without end%s: %s", clock, who.c_str());
  }
  if ((x.alive & 1) != 0) {
    End(Verdict::kDeadlock, "no thread can run%s: %s", clock, who.c_str());
  }
  End(Verdict::kPartialDeadlock, "left behind for good%s: %s", clock,
      who.c_str());
}

}  // namespace

void AtQuiescence() {
  Execution& x = g_execution;
  if (LetSpinnerOut()) return;
  const uint64_t stuck = Stuck();
  const bool body_ended = (x.alive & 1) == 0;
  if (x.alive == 0 || (body_ended && stuck == 0)) EndInPeace();
  JudgeIdleWorkers();
  Respect(Ask(&Oracle::AtQuiescence));
  if (LeapToNextDeadline()) return;
  EndStuck(stuck != 0 ? stuck : x.alive);
}

namespace {

// In the last quarter of its life, whether an execution still does anything
// that it has not done before: a livelock goes round in a circle.
class Novelty {
 public:
  void Clear() { memset(seen_, 0, sizeof seen_); }
  bool IsNew(uint64_t what) {
    const uint64_t slot = (what * 0x9e3779b97f4a7c15) >> 48;
    const bool is_new = !Contains(seen_[slot / 64], slot % 64);
    seen_[slot / 64] |= uint64_t{1} << (slot % 64);
    return is_new;
  }

 private:
  uint64_t seen_[1024] = {};
};

constinit Novelty g_novelty;
constinit uint64_t g_novelties = 0;

uint64_t ValueAt(const PendingEvent& event) {
  const bool is_memory = event.kind == Kind::kLoad ||
                         event.kind == Kind::kStore ||
                         event.kind == Kind::kReadModifyWrite ||
                         event.kind == Kind::kCompareExchange;
  if (!is_memory) return 0;
  return *reinterpret_cast<volatile uint64_t*>(event.object & ~uintptr_t{7});
}

constexpr uint64_t kStepsBetweenReleases = 64;

// Every so many plain accesses one is an operation, so that loops of nothing
// else are seen. Which one it is comes from the count and means nothing.
bool IsTick(const PendingEvent& event) {
  return !g_execution.limits.plain_accesses &&
         (event.kind == Kind::kPlainRead || event.kind == Kind::kPlainWrite);
}

void WatchForNovelty(Fiber* self) {
  Execution& x = g_execution;
  const PendingEvent& event = PendingOf(self);
  if (IsTick(event)) return;
  const uint64_t what = Stable(event.pc) ^
                        (Stable(ValueAt(event)) * 0xc2b2ae3d27d4eb4f) ^
                        (Stable(event.object) << 8) ^ self->id;
  const uint64_t last_eighth = 2 * x.limits.max_steps - x.limits.max_steps / 4;
  if (g_novelty.IsNew(what) && x.steps - x.spin_steps > last_eighth) {
    ++g_novelties;
  }
}

}  // namespace

void OnManySteps(Fiber* self) {
  Execution& x = g_execution;
  const uint64_t limit = x.limits.max_steps;
  const uint64_t steps = x.steps - x.spin_steps;
  if (!x.fair) {
    x.fair = true;
    g_novelty.Clear();
    g_novelties = 0;
  }
  // Fair to spinners, too: one may be held in a loop that would soon end, by
  // somebody who goes on for ever waiting for it.
  if (x.steps % kStepsBetweenReleases == 0) ReleaseAllSpinners();
  if (steps < limit + limit / 2) {
    ++x.next_check;
    return;
  }
  if (steps >= 2 * limit) {
    x.outcome.thread = self->id;
    if (g_novelties == 0) {
      End(Verdict::kLivelock,
          "%zu steps, the second half under a fair schedule, and the last "
          "ones only repeat what went before",
          static_cast<size_t>(x.steps));
    }
    End(Verdict::kStepLimit,
        "still going on after %zu steps, the second half under a fair schedule",
        static_cast<size_t>(x.steps));
  }
  WatchForNovelty(self);
}

}  // namespace reveille::explore
