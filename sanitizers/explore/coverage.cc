// Which pairs are counted.
#include "coverage.h"

#include "execution.h"
#include "oracle.h"

namespace reveille::explore {
namespace {

// Who was last at an object, by its name; further objects share places.
struct Visit {
  uint32_t serial;  // the execution in which the rest is meant
  uint32_t thread;
  uint64_t place;
};
constexpr size_t kVisits = size_t{1} << 13;
Visit g_visits[kVisits];

struct LastState {
  uint32_t serial = 0;
  uint64_t step = 0;
  uint64_t state = 0;
};
// To ask costs as much as some tens of operations; sooner it seldom changes.
constexpr uint64_t kStepsBetweenStates = 8;
constinit LastState g_last_state;

}  // namespace

void CoverRead(const Fiber* self, const PendingEvent& event) {
  if (IsAlone(self)) return;
  Execution& x = g_execution;
  const uintptr_t writer = x.objects.At(event.object)->writer_pc;
  x.reads.Count(Stable(event.pc), writer == 0 ? 0 : Stable(writer));
}

void CoverWrite(const Fiber* self, const PendingEvent& event) {
  if (IsAlone(self)) return;
  CoverRead(self, event);
  g_execution.objects.At(event.object)->writer_pc = event.pc;
}

void CoverMeeting(const Fiber* self, const PendingEvent& event,
                  uint64_t object) {
  Execution& x = g_execution;
  Visit& visit = g_visits[object % kVisits];
  const uint64_t place =
      Stable(event.pc) << 8 | static_cast<uint64_t>(event.kind);
  if (visit.serial == x.serial && visit.thread != self->id) {
    x.meetings.Count(visit.place, place);
  }
  visit = {x.serial, self->id, place};
}

// The oracle is no thread of the code under test; see Ask() in quiescence.cc.
void CoverState() {
  Execution& x = g_execution;
  if (x.oracle == nullptr) return;
  if (g_last_state.serial != x.serial) g_last_state = {x.serial, 0, 0};
  if (x.steps < g_last_state.step + kStepsBetweenStates) return;
  g_last_state.step = x.steps;
  Fiber* self = t_fiber;
  t_fiber = nullptr;
  const uint64_t state = x.oracle->State();
  t_fiber = self;
  if (state == 0 || g_last_state.state == state) return;
  x.states.Count(g_last_state.state, state);
  g_last_state.state = state;
}

}  // namespace reveille::explore
