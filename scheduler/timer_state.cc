#include "scheduler/timer_state.h"

#include "scheduler/hot_path.h"

namespace reveille {
namespace internal {

void TimerState::Fire(TimerNode* node, void* fired_list) {
  auto* state = static_cast<TimerState*>(node);
  M* m = CurrentM();
  state->sched->CountSpawned(m, 1);
  G* g = state->sched->NewG(m);
  g->extended = true;
  g->name.store("timer");
  FillSlot(g, [keep = std::move(state->self)] { keep->callback(); });
  g->Transition(GStatus::kDead, GStatus::kWaiting);
  static_cast<GList*>(fired_list)->PushBack(g);
}

void Sched::AddTimer(TimerNode* node, int64_t when_ns) {
  M* m = CurrentM();
  const bool with_p = m != nullptr && m->sched == this && m->p() != nullptr;
  TimerHeap& heap = with_p ? m->p()->timers : outside_timers_;
  if (heap.Add(node, when_ns)) WakeNetPoller(when_ns);
}

bool Sched::ModifyTimer(TimerNode* node, int64_t when_ns) {
  bool earliest = false;
  if (!TimerHeap::Modify(node, when_ns, &earliest)) return false;
  if (earliest) WakeNetPoller(when_ns);
  return true;
}

}  // namespace internal

Timer::Timer(Scheduler* scheduler, std::function<void()> callback)
    : state_(std::make_shared<internal::TimerState>(scheduler->sched_.get(),
                                                    std::move(callback))) {}

Timer::~Timer() { Stop(); }

bool Timer::Reset(Deadline when) {
  internal::MutexLock lock(&state_->mutex);
  const int64_t when_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                              when.time_since_epoch())
                              .count();
  if (state_->sched->ModifyTimer(state_.get(), when_ns)) return true;
  if (!state_->sched->AcceptsFrom(internal::CurrentM())) return false;
  state_->self = state_;
  state_->sched->AddTimer(state_.get(), when_ns);
  return false;
}

bool Timer::Stop() {
  internal::MutexLock lock(&state_->mutex);
  if (!internal::TimerHeap::Remove(state_.get())) return false;
  state_->self.reset();
  return true;
}

}  // namespace reveille
