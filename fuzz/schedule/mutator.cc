#include "fuzz/schedule/mutator.h"

#include <algorithm>
#include <utility>

#include "fuzz/schedule/seeds.h"

namespace reveille::fuzz {
namespace {

using explore::Departure;
using explore::Moment;
using explore::Plan;
using explore::PlanBase;

struct Share {
  Mutation mutation;
  int weight;
};
// Of the program with which a turn begins, where it is neither the old one nor
// a new one. What shows a bug is short: so operations go rather than come.
constexpr Share kProgramShares[] = {
    {Mutation::kKeepTwoOps, 2}, {Mutation::kInsertOp, 2},
    {Mutation::kDeleteOp, 3},   {Mutation::kDuplicateOp, 1},
    {Mutation::kSwapOps, 1},    {Mutation::kChangeOp, 6},
    {Mutation::kChangePool, 2},
};
// Of the schedules within a turn. Most are new ones: those that lose a wakeup
// are seldom neighbours of others that are worth keeping.
constexpr Share kPlanShares[] = {
    {Mutation::kNewPlan, 60},        {Mutation::kNewSeed, 14},
    {Mutation::kNewFocus, 6},        {Mutation::kAddDeparture, 8},
    {Mutation::kRemoveDeparture, 3}, {Mutation::kMoveDeparture, 4},
    {Mutation::kChangeDeparture, 2}, {Mutation::kAddReseed, 3},
};
// Where there is a second input, it is asked once in so many times.
constexpr uint64_t kCombineOneIn = 6;
constexpr uint16_t kFarthestMoment = 2048;

// Of new programs and operations.
constexpr uint8_t kProcs[] = {1, 2, 2, 2, 2, 2, 2, 3, 3, 4};
constexpr OpKind kPlainKinds[] = {OpKind::kSubmit, OpKind::kBurst};
constexpr OpKind kWorkKinds[] = {
    OpKind::kSubmit, OpKind::kYielding, OpKind::kBlock, OpKind::kLocked,
    OpKind::kTimer,  OpKind::kNetpoll,  OpKind::kIdle,  OpKind::kResize};
constexpr uint64_t kFewOpsOneIn = 5;
constexpr uint64_t kMeetsAtEndOneIn = 3;
constexpr int kMostNewOps = 2;

// The bases of new plans. Each is the soonest for some lost wakeup; walks that
// leave the running thread now and then, and those with a focus, for most.
struct BaseShare {
  PlanBase base;
  int weight;
};
constexpr BaseShare kBaseShares[] = {
    {PlanBase::kStay, 2},           {PlanBase::kWalk, 1},
    {PlanBase::kLazyWalk, 8},       {PlanBase::kPriorities, 6},
    {PlanBase::kOperations, 6},     {PlanBase::kFocusPriorities, 10},
    {PlanBase::kFocusOperations, 7}};
// One new plan in so many does not go by meetings only, of those after the
// first execution of a program, which shows where they are.
constexpr uint64_t kAllChoicesOneIn = 4;
// Of a new plan that stays.
constexpr int kMostNewDepartures = 4;

template <typename T, size_t n>
constexpr int TotalOf(const T (&shares)[n]) {
  int total = 0;
  for (const T& share : shares) total += share.weight;
  return total;
}

template <typename T, size_t n>
const T& DrawShare(const T (&shares)[n], stress::Dice* dice) {
  int drawn = static_cast<int>(dice->Below(TotalOf(shares)));
  for (const T& share : shares) {
    drawn -= share.weight;
    if (drawn < 0) return share;
  }
  return shares[0];
}

}  // namespace

uint32_t Mutator::Do(Mutation mutation, Input* input, const Input& other) {
  const bool done = Apply(mutation, input, other);
  return done ? uint32_t{1} << static_cast<int>(mutation) : 0;
}

uint32_t Mutator::BeginTurn(Input* input, const Input* other) {
  uint32_t done = 0;
  switch (dice_.Below(16)) {
    case 0:
      break;
    case 1:
      if (other != nullptr && dice_.OneIn(kCombineOneIn)) {
        done |= Do(Mutation::kSpliceOps, input, *other);
      }
      do {
        done |= Do(DrawShare(kProgramShares, &dice_).mutation, input, *input);
      } while (dice_.OneIn(3));
      // The old plan still means something.
      if (dice_.Coin()) return done;
      break;
    default:
      done |= Do(Mutation::kNewProgram, input, *input);
  }
  done |= Do(Mutation::kNewPlan, input, *input);
  input->plan.only_meetings = false;
  return done;
}

uint32_t Mutator::GoOn(Input* input, const Input* other) {
  if (other != nullptr && dice_.OneIn(kCombineOneIn)) {
    const uint32_t done =
        Do(dice_.Coin() ? Mutation::kPlanOfAnother : Mutation::kCopyWindow,
           input, *other);
    if (done != 0) return done;
  }
  const explore::KnownObjects known = input->plan.known;
  uint32_t done = 0;
  do {
    done |= Do(DrawShare(kPlanShares, &dice_).mutation, input, *input);
  } while (done == 0 || dice_.OneIn(3));
  input->plan.known = known;
  LearnMeetings(&input->plan);
  return done;
}

void Mutator::ShrinkOp(Op* op) {
  switch (dice_.Below(4)) {
    case 0:
      op->actor = Actor::kMain;
      break;
    case 1:
      op->count = 1;
      break;
    case 2:
      op->meets = false;
      break;
    default:
      op->variant = 0;
  }
}

void Mutator::ShrinkPlan(Plan* plan) {
  switch (dice_.Below(3)) {
    case 0:
      plan->focus = explore::Focus();
      break;
    case 1:
      plan->known = explore::KnownObjects();
      break;
    default:
      ApplyToPlan(Mutation::kRemoveDeparture, plan);
  }
}

// What is left runs otherwise; another seed may find again what the old one
// had found.
void Mutator::Shrink(Input* input) {
  do {
    std::vector<Op>& ops = input->program.ops;
    if (dice_.OneIn(3) || ops.empty()) {
      ShrinkPlan(&input->plan);
    } else if (dice_.Coin()) {
      ApplyToOps(Mutation::kDeleteOp, &input->program);
    } else {
      ShrinkOp(&ops[Index(ops.size())]);
    }
  } while (dice_.Coin());
  if (dice_.Coin()) ApplyToPlan(Mutation::kNewSeed, &input->plan);
}

bool Mutator::Apply(Mutation mutation, Input* input, const Input& other) {
  switch (mutation) {
    case Mutation::kNewProgram:
      input->program = DrawProgram();
      return true;
    case Mutation::kKeepTwoOps:
    case Mutation::kInsertOp:
    case Mutation::kDeleteOp:
    case Mutation::kDuplicateOp:
    case Mutation::kSwapOps:
    case Mutation::kChangeOp:
      return ApplyToOps(mutation, &input->program);
    case Mutation::kChangePool:
      ChangePool(&input->program);
      return true;
    case Mutation::kPlanOfAnother:
    case Mutation::kSpliceOps:
    case Mutation::kCopyWindow:
      return Combine(mutation, input, other);
    default:
      return ApplyToPlan(mutation, &input->plan);
  }
}

// As many as there are workers is what keeps them all busy.
Op Mutator::DrawOp(OpKind kind, int procs) {
  Op op;
  op.kind = kind;
  op.actor = dice_.Coin() ? Actor::kMain : static_cast<Actor>(dice_.Below(4));
  op.count = static_cast<uint8_t>(dice_.Coin() ? std::min(procs, kMostCount)
                                               : dice_.Between(1, kMostCount));
  op.variant = static_cast<uint8_t>(dice_.Between(0, kMostVariant));
  op.meets = !dice_.OneIn(3);
  return op;
}

Op Mutator::DrawOp(int procs) {
  return DrawOp(dice_.OneIn(3)
                    ? kPlainKinds[dice_.Below(std::size(kPlainKinds))]
                    : static_cast<OpKind>(dice_.Below(kOpKinds)),
                procs);
}

// What shows a lost wakeup is short, and each of its schedules soon over. Some
// leave only damage, a P that is lost: so some programs end with a meeting of
// as many tasks as there are Ps.
Program Mutator::DrawProgram() {
  Program program;
  program.procs = kProcs[dice_.Below(std::size(kProcs))];
  program.ops = DrawOps(program.procs);
  if (dice_.OneIn(kMeetsAtEndOneIn) &&
      program.ops.size() + 2 <= Program::kMostOps) {
    program.ops.push_back({OpKind::kDrain, Actor::kMain, 1, false, 0});
    program.ops.push_back(
        {OpKind::kBurst, Actor::kMain, program.procs, true, 0});
  }
  return program;
}

// Mostly the shape of a scenario, else a few operations. Half of the latter are
// of plain tasks, of which many bugs need no more; in the others all that gives
// the pool something to do is as likely, so that two rare things meet.
std::vector<Op> Mutator::DrawOps(int procs) {
  if (!dice_.OneIn(kFewOpsOneIn)) {
    return ShapeOf(static_cast<int>(dice_.Below(ShapeCount())), procs).ops;
  }
  const bool plain = dice_.Coin();
  std::vector<Op> ops;
  const int count = dice_.Between(1, kMostNewOps);
  for (int i = 0; i < count; ++i) {
    const OpKind kind = kWorkKinds[dice_.Below(std::size(kWorkKinds))];
    ops.push_back(plain ? DrawOp(procs) : DrawOp(kind, procs));
  }
  return ops;
}

void Mutator::ChangeOp(Op* op, int procs) {
  const Op drawn = DrawOp(procs);
  switch (dice_.Below(5)) {
    case 0:
      op->kind = drawn.kind;
      break;
    case 1:
      op->actor = drawn.actor;
      break;
    case 2:
      op->count = drawn.count;
      break;
    case 3:
      op->variant = drawn.variant;
      break;
    default:
      op->meets = !op->meets;
  }
}

// What makes executions slow or strange is rare.
void Mutator::ChangePool(Program* program) {
  if (dice_.OneIn(12)) {
    program->rescuers = !program->rescuers;
  } else if (dice_.OneIn(12)) {
    program->reference = !program->reference;
  } else if (dice_.OneIn(6)) {
    program->early_timers = static_cast<uint8_t>(dice_.Below(4));
  } else if (dice_.OneIn(6)) {
    program->spurious = static_cast<uint8_t>(dice_.Below(4));
  } else {
    program->procs =
        static_cast<uint8_t>(dice_.Between(1, Program::kMostProcs));
  }
}

bool Mutator::ApplyToOps(Mutation mutation, Program* program) {
  std::vector<Op>& ops = program->ops;
  const bool grows =
      mutation == Mutation::kInsertOp || mutation == Mutation::kDuplicateOp;
  if (grows ? ops.size() >= Program::kMostOps : ops.empty()) return false;
  if (ops.empty() && mutation != Mutation::kInsertOp) return false;
  if (mutation == Mutation::kKeepTwoOps && ops.size() <= 2) return false;
  const size_t at = Index(ops.size() + (grows ? 1 : 0));
  const auto where = ops.begin() + static_cast<ptrdiff_t>(at);
  switch (mutation) {
    case Mutation::kInsertOp:
      ops.insert(where, DrawOp(program->procs));
      return true;
    case Mutation::kDuplicateOp: {
      const Op copy = ops[Index(ops.size())];
      ops.insert(where, copy);
      return true;
    }
    case Mutation::kDeleteOp:
      ops.erase(where);
      return true;
    case Mutation::kKeepTwoOps:
      while (ops.size() > 2) {
        ops.erase(ops.begin() + static_cast<ptrdiff_t>(Index(ops.size())));
      }
      return true;
    case Mutation::kSwapOps:
      std::swap(ops[at], ops[Index(ops.size())]);
      return true;
    default:
      ChangeOp(&ops[at], program->procs);
      return true;
  }
}

Moment Mutator::DrawMoment() {
  const int moments = last_ == nullptr ? 0 : last_->moment_count();
  if (moments > 0 && !dice_.OneIn(8)) {
    return last_->moments()[Index(static_cast<size_t>(moments))];
  }
  return {static_cast<uint8_t>(dice_.Below(8)),
          static_cast<uint16_t>(dice_.Below(kFarthestMoment))};
}

Departure Mutator::DrawDeparture() {
  constexpr Departure::What kMostly[] = {
      Departure::What::kSwitch, Departure::What::kHold, Departure::What::kHold,
      Departure::What::kLower, Departure::What::kOption};
  const Moment moment = DrawMoment();
  Departure departure;
  departure.what = kMostly[dice_.Below(std::size(kMostly))];
  departure.thread = moment.thread;
  departure.number = moment.number;
  departure.value = static_cast<uint8_t>(dice_.Below(256));
  return departure;
}

// Another waiter is woken, another thread runs, the hold is longer or shorter.
void Mutator::ChangeDeparture(Departure* departure) {
  if (dice_.OneIn(3)) {
    departure->what = DrawDeparture().what;
  } else {
    departure->value = static_cast<uint8_t>(dice_.Below(256));
  }
}

bool Mutator::NewFocus(Plan* plan) {
  if (!HasFocus(plan->base) || last_ == nullptr) return false;
  plan->focus = explore::Focus();
  do {
    if (!last_->shared_objects().AddTo(&plan->focus, dice_.Next())) break;
  } while (dice_.Coin());
  plan->seed = static_cast<uint32_t>(dice_.Next());
  return true;
}

void Mutator::LearnMeetings(Plan* plan) {
  if (!plan->only_meetings || last_ == nullptr) return;
  last_->shared_objects().AddTo(&plan->known);
}

// As one that knows nothing of the old one would begin.
void Mutator::NewPlan(Plan* plan) {
  *plan = Plan();
  plan->base = DrawShare(kBaseShares, &dice_).base;
  plan->seed = static_cast<uint32_t>(dice_.Next());
  plan->only_meetings = !dice_.OneIn(kAllChoicesOneIn);
  NewFocus(plan);
  if (plan->base != PlanBase::kStay) return;
  const auto departures = dice_.Between(1, kMostNewDepartures);
  for (int i = 0; i < departures; ++i) AddDeparture(plan, DrawDeparture());
}

bool Mutator::AddDeparture(Plan* plan, const Departure& departure) {
  if (plan->count >= Plan::kMostDepartures) return false;
  plan->departures[plan->count++] = departure;
  return true;
}

bool Mutator::ApplyToPlan(Mutation mutation, Plan* plan) {
  if (mutation == Mutation::kNewSeed) {
    plan->seed = static_cast<uint32_t>(dice_.Next());
    return true;
  }
  if (mutation == Mutation::kNewPlan) {
    NewPlan(plan);
    return true;
  }
  if (mutation == Mutation::kNewFocus) return NewFocus(plan);
  if (mutation == Mutation::kAddDeparture) {
    return AddDeparture(plan, DrawDeparture());
  }
  if (mutation == Mutation::kAddReseed) {
    Departure departure = DrawDeparture();
    departure.what = Departure::What::kReseed;
    return AddDeparture(plan, departure);
  }
  if (plan->count == 0) return false;
  Departure& chosen = plan->departures[Index(static_cast<size_t>(plan->count))];
  if (mutation == Mutation::kRemoveDeparture) {
    chosen = plan->departures[--plan->count];
  } else if (mutation == Mutation::kChangeDeparture) {
    ChangeDeparture(&chosen);
  } else if (dice_.Coin()) {
    const Moment moment = DrawMoment();
    chosen.thread = moment.thread;
    chosen.number = moment.number;
  } else {
    // A step or a few to either side.
    chosen.number = static_cast<uint16_t>(chosen.number + dice_.Between(-8, 8));
  }
  return true;
}

bool Mutator::Combine(Mutation mutation, Input* input, const Input& other) {
  switch (mutation) {
    case Mutation::kPlanOfAnother:
      input->plan = other.plan;
      return true;
    case Mutation::kSpliceOps:
      return SpliceOps(&input->program, other.program);
    default:
      return CopyWindow(&input->plan, other.plan);
  }
}

// The beginning of one, the end of the other.
bool Mutator::SpliceOps(Program* program, const Program& other) {
  if (other.ops.empty()) return false;
  std::vector<Op>& ops = program->ops;
  ops.resize(Index(ops.size() + 1));
  const size_t from = Index(other.ops.size());
  for (size_t i = from; i < other.ops.size() && ops.size() < Program::kMostOps;
       ++i) {
    ops.push_back(other.ops[i]);
  }
  return true;
}

// What the other schedule does in a window of one thread's life.
bool Mutator::CopyWindow(Plan* plan, const Plan& other) {
  if (other.count == 0) return false;
  const Departure& first =
      other.departures[Index(static_cast<size_t>(other.count))];
  const int length = 1 << dice_.Between(2, 9);
  bool copied = false;
  for (int i = 0; i < other.count; ++i) {
    const Departure& departure = other.departures[i];
    const int distance = departure.number - first.number;
    if (departure.thread != first.thread || distance < 0 || distance > length) {
      continue;
    }
    copied = AddDeparture(plan, departure) || copied;
  }
  return copied;
}

}  // namespace reveille::fuzz
