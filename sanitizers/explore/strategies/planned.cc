#include "planned.h"

#include "random_walk.h"
#include "replay.h"

namespace reveille::explore {
namespace {

// One operation in so many lowers the priority of its thread, or in 4, 16 or 64
// times as many, by the seed.
constexpr uint64_t kLoweringOneIn = 8;
// kLazyWalk leaves the running thread once in so many choices, or in 2, 4 or 8
// times as many, by the seed.
constexpr uint64_t kLazyOneIn = 8;
// A hold lasts this many choices, doubled for each unit of the value.
constexpr uint32_t kShortestHold = 4;

// Of the choices so many are looked at, and of those at which nobody meets so
// many of these are kept as moments.
constexpr uint64_t kMomentsOneIn = 4;
constexpr uint64_t kOtherMomentsOneIn = 8;

// A rank is how often its thread was lowered, then its priority: the lowest
// rank runs.
constexpr int kPriorityBits = 48;
constexpr uint64_t kPriorityMask = (uint64_t{1} << kPriorityBits) - 1;

int NthThread(uint64_t threads, uint64_t n) {
  const auto count = static_cast<uint64_t>(__builtin_popcountll(threads));
  return ThreadAt(threads, static_cast<uint32_t>(n % count));
}

}  // namespace

// What follows from the seed and is asked for at each choice.
void Planned::Reseed(uint64_t seed) {
  seed_ = seed;
  lowering_one_in_ = kLoweringOneIn << (2 * (Draw(300, 0) % 4));
  lazy_one_in_ = kLazyOneIn << (Draw(500, 0) % 4);
  if (plan_->base == PlanBase::kPriorities ||
      plan_->base == PlanBase::kFocusPriorities) {
    for (uint64_t i = 0; i <= kMaxThreads; ++i) {
      rank_[i] = (rank_[i] & ~kPriorityMask) | (~Draw(i, 0) >> 16);
    }
  }
  for (OperationPriority& known : operation_) known.when = kNever;
}

void Planned::Lower(int thread) {
  rank_[thread] =
      ++lowerings_ << kPriorityBits | (rank_[thread] & kPriorityMask);
}

bool Planned::Begin(uint64_t key) {
  done_ = 0;
  held_ = 0;
  lowerings_ = 0;
  choices_ = 0;
  met_ = 0;
  for (int i = 0; i <= kMaxThreads; ++i) {
    rank_[i] = 0;
    redrawn_[i] = 0;
    held_back_[i] = 0;
  }
  Reseed(Scatter(key << 32 | plan_->seed));
  quiet_ = 0;
  seen_ = 0;
  for (int i = 0; i < Focus::kThreads; ++i) left_[i] = plan_->focus.left[i];
  intended_ = -1;
  intentions_ = 0;
  shared_.Begin();
  return true;
}

const Departure* Planned::Due(const ChoicePoint& at, bool about_threads) {
  const uint32_t number = at.pending[at.running].number;
  for (int i = 0; i < plan_->count; ++i) {
    const Departure& departure = plan_->departures[i];
    if (departure.thread != at.running || number < departure.number ||
        ((done_ >> i) & 1) != 0) {
      continue;
    }
    if ((departure.what != Departure::What::kOption) != about_threads) continue;
    done_ |= uint32_t{1} << i;
    return &departure;
  }
  return nullptr;
}

uint32_t Planned::ChooseOption(const ChoicePoint& at) {
  if (const Departure* departure = Due(at, false)) {
    return departure->value % at.count;
  }
  // Several random numbers may be asked for at one moment.
  const uint64_t again = at.tag == Tag::kRandom ? choices_ << 32 : 0;
  Random random(Draw(uint64_t{at.running} << 8 | static_cast<uint8_t>(at.tag),
                     at.pending[at.running].number ^ again));
  return ChooseOther(at, &random);
}

void Planned::Hold(const ChoicePoint& at, const Departure& departure) {
  Held& hold = holds_[at.running];
  hold.choices_left =
      static_cast<uint16_t>(kShortestHold << (departure.value % 8));
  hold.until_met = departure.what == Departure::What::kHold;
  held_ |= uint64_t{1} << at.running;
}

// Holding never keeps everybody.
uint64_t Planned::WithoutHeld(uint64_t threads) {
  for (uint64_t rest = held_; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    if (holds_[thread].choices_left-- == 0) held_ &= ~(uint64_t{1} << thread);
  }
  const uint64_t free = threads & ~held_;
  return free != 0 ? free : threads;
}

void Planned::ReleaseWhoWasMet(const ChoicePoint& at, int chosen) {
  held_ &= ~(uint64_t{1} << chosen);
  for (uint64_t rest = held_; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    if (holds_[thread].until_met &&
        Conflict(at.pending[chosen], at.pending[thread])) {
      held_ &= ~(uint64_t{1} << thread);
    }
  }
}

void Planned::NoteMoment(const ChoicePoint& at) {
  if (choices_ % kMomentsOneIn != 0) return;
  const PendingEvent& mine = at.pending[at.running];
  bool meets = choices_ % (kMomentsOneIn * kOtherMomentsOneIn) == 0;
  for (uint64_t rest = at.threads & ~(uint64_t{1} << at.running);
       rest != 0 && !meets; rest &= rest - 1) {
    meets = Conflict(mine, at.pending[__builtin_ctzll(rest)]);
  }
  if (!meets) return;
  const uint64_t slot =
      met_ < kMostMoments ? met_ : Draw(met_, choices_) % kMostMoments;
  moments_[slot] = {at.running, static_cast<uint16_t>(mine.number)};
  ++met_;
}

int Planned::HighestThread(uint64_t threads) const {
  int best = __builtin_ctzll(threads);
  for (uint64_t rest = threads & (threads - 1); rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    if (rank_[thread] < rank_[best]) best = thread;
  }
  return best;
}

// Whoever yields, or was held back because it spins, comes after all others.
void Planned::LowerWhoSpins(const ChoicePoint& at) {
  const PendingEvent& mine = at.pending[at.running];
  if (mine.kind == Kind::kYield || mine.held != held_back_[at.running]) {
    held_back_[at.running] = mine.held;
    Lower(at.running);
  }
}

int Planned::ByPriority(const ChoicePoint& at, uint64_t threads) {
  const int running = at.running;
  LowerWhoSpins(at);
  if (Contains(threads, running) &&
      Draw(static_cast<uint64_t>(running) + 100, at.pending[running].number) %
              lowering_one_in_ ==
          0) {
    Lower(running);
  }
  return HighestThread(threads);
}

uint64_t Planned::PriorityOf(int thread, const PendingEvent& event) {
  const uint64_t when = uint64_t{redrawn_[thread]} << 32 | event.number;
  OperationPriority& known = operation_[thread];
  if (known.when != when) {
    known = {when, Draw(static_cast<uint64_t>(thread) << 16 | redrawn_[thread],
                        event.number)};
  }
  return known.priority;
}

int Planned::ByOperation(const ChoicePoint& at, uint64_t threads) {
  int best = __builtin_ctzll(threads);
  uint64_t most = 0;
  for (uint64_t rest = threads; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    const uint64_t priority = PriorityOf(thread, at.pending[thread]);
    if (thread != best && priority <= most) continue;
    best = thread;
    most = priority;
  }
  return best;
}

// Each thread as likely as it has operations on the objects left. Those of
// threads that are still to come count for the first one, which makes them.
int Planned::DrawIntended(uint64_t threads) {
  uint64_t unborn = 0;
  for (int i = 0; i < Focus::kThreads; ++i) {
    if (!Contains(seen_, i)) unborn += static_cast<uint64_t>(left_[i]);
  }
  const auto left_of = [&](int thread) {
    const auto left = static_cast<uint64_t>(left_[FocusSlot(thread)]);
    return (left == 0 ? 1 : left) + (thread == 0 ? unborn : 0);
  };
  uint64_t total = 0;
  for (uint64_t rest = threads; rest != 0; rest &= rest - 1) {
    total += left_of(__builtin_ctzll(rest));
  }
  uint64_t drawn = Draw(400, intentions_++) % total;
  for (uint64_t rest = threads; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    if (drawn < left_of(thread)) return thread;
    drawn -= left_of(thread);
  }
  return __builtin_ctzll(threads);
}

bool Planned::InFocus(int thread, uintptr_t object) {
  Looked& last = looked_[thread];
  if (last.object != object) {
    last = {object, plan_->focus.Has(KeyOf(object))};
  }
  return last.in_focus;
}

int Planned::ByFocus(const ChoicePoint& at, uint64_t threads) {
  seen_ |= at.threads;
  LowerWhoSpins(at);
  if (intended_ < 0 || !Contains(threads, intended_)) {
    intended_ = DrawIntended(threads);
  }
  uint64_t candidates = threads;
  while (candidates != 0) {
    const int thread = Highest(at, candidates);
    if (!InFocus(thread, at.pending[thread].object)) return thread;
    if (thread == intended_) {
      int& left = left_[FocusSlot(thread)];
      if (left > 0) --left;
      intended_ = -1;
      return thread;
    }
    candidates &= ~(uint64_t{1} << thread);
  }
  // All are about to touch an object, and the one that should cannot.
  intended_ = -1;
  return Highest(at, threads);
}

void Planned::RedrawConflicting(const ChoicePoint& at, int chosen) {
  for (uint64_t rest = at.threads; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    if (Conflict(at.pending[chosen], at.pending[thread])) ++redrawn_[thread];
  }
}

int Planned::BaseThread(const ChoicePoint& at, uint64_t threads) {
  const int running = at.running;
  const bool can_stay = Contains(threads, running);
  const auto any = [&] {
    return Draw(static_cast<uint64_t>(running) + 200,
                at.pending[running].number);
  };
  switch (plan_->base) {
    case PlanBase::kStay:
      if (can_stay && at.pending[running].kind != Kind::kYield) return running;
      return NthThread(threads, any());
    case PlanBase::kLazyWalk:
      if (can_stay && any() % lazy_one_in_ != 0 &&
          at.pending[running].kind != Kind::kYield) {
        return running;
      }
      return NthThread(threads, any() >> 8);
    case PlanBase::kWalk:
      return NthThread(threads, any() >> 8);
    case PlanBase::kPriorities:
      return ByPriority(at, threads);
    case PlanBase::kOperations:
      return ByOperation(at, threads);
    case PlanBase::kFocusPriorities:
    case PlanBase::kFocusOperations:
      return ByFocus(at, threads);
  }
  return running;
}

// Of the running thread's next operation; those of the others are as they were.
void Planned::NoteWhetherItMeets(const ChoicePoint& at) {
  const PendingEvent& mine = at.pending[at.running];
  const bool meets = shared_.Watch(at.running, mine);
  if (!plan_->only_meetings) return;
  const uint64_t bit = uint64_t{1} << at.running;
  quiet_ &= ~bit;
  if (meets || plan_->known.Has(KeyOf(mine.object))) return;
  quiet_ |= bit;
  quiet_number_[at.running] = mine.number;
}

uint64_t Planned::WhoMeetsNobody(const ChoicePoint& at) const {
  uint64_t quiet = quiet_ & at.threads & ~held_;
  for (uint64_t rest = quiet; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    if (quiet_number_[thread] == at.pending[thread].number) continue;
    quiet &= ~(uint64_t{1} << thread);
  }
  return quiet;
}

uint32_t Planned::ChooseThread(const ChoicePoint& at) {
  NoteWhetherItMeets(at);
  if (const uint64_t quiet = WhoMeetsNobody(at); quiet != 0) {
    return OptionOf(at.threads, Contains(quiet, at.running)
                                    ? at.running
                                    : __builtin_ctzll(quiet));
  }
  NoteMoment(at);
  const uint64_t others = at.threads & ~(uint64_t{1} << at.running);
  int thread = -1;
  while (const Departure* departure = Due(at, true)) {
    switch (departure->what) {
      case Departure::What::kSwitch:
        if (others != 0) thread = NthThread(others, departure->value);
        break;
      case Departure::What::kLower:
        Lower(at.running);
        [[fallthrough]];
      case Departure::What::kHold:
        Hold(at, *departure);
        break;
      case Departure::What::kReseed:
        Reseed(Scatter(seed_ ^ departure->value));
        break;
      case Departure::What::kOption:
        break;
    }
  }
  if (thread < 0) thread = BaseThread(at, WithoutHeld(at.threads));
  ReleaseWhoWasMet(at, thread);
  if (plan_->base == PlanBase::kOperations ||
      plan_->base == PlanBase::kFocusOperations) {
    RedrawConflicting(at, thread);
  }
  return OptionOf(at.threads, thread);
}

uint32_t Planned::Choose(const ChoicePoint& at) {
  ++choices_;
  return at.tag == Tag::kThread ? ChooseThread(at) : ChooseOption(at);
}

}  // namespace reveille::explore
