#include "fuzz/schedule/mutator.h"

#include <algorithm>
#include <utility>

namespace reveille::fuzz {
namespace {

using explore::Departure;
using explore::Moment;
using explore::Plan;

struct Share {
  Mutation mutation;
  int weight;
};
// Schedules are cheap to vary and decide most; a program is changed less often,
// or its schedules would never be looked at.
constexpr Share kShares[] = {
    {Mutation::kInsertOp, 4},      {Mutation::kDeleteOp, 6},
    {Mutation::kDuplicateOp, 3},   {Mutation::kSwapOps, 2},
    {Mutation::kChangeOp, 7},      {Mutation::kChangePool, 3},
    {Mutation::kNewSeed, 25},      {Mutation::kNewBase, 10},
    {Mutation::kAddDeparture, 18}, {Mutation::kRemoveDeparture, 6},
    {Mutation::kMoveDeparture, 8}, {Mutation::kChangeDeparture, 4},
    {Mutation::kAddReseed, 12},
};

constexpr uint16_t kFarthestMoment = 2048;

}  // namespace

Mutation Mutator::DrawLone() {
  static constexpr int kTotal = [] {
    int total = 0;
    for (const Share& share : kShares) total += share.weight;
    return total;
  }();
  int drawn = static_cast<int>(dice_.Below(kTotal));
  for (const Share& share : kShares) {
    drawn -= share.weight;
    if (drawn < 0) return share.mutation;
  }
  return Mutation::kNewSeed;
}

uint32_t Mutator::Mutate(Input* input) {
  uint32_t done = 0;
  do {
    const Mutation mutation = DrawLone();
    if (Apply(mutation, input, *input)) {
      done |= uint32_t{1} << static_cast<int>(mutation);
    }
  } while (done == 0 || dice_.OneIn(3));
  return done;
}

uint32_t Mutator::Cross(Input* a, const Input& b) {
  constexpr Mutation kCombining[] = {
      Mutation::kPlanOfAnother, Mutation::kSpliceOps, Mutation::kCopyWindow};
  const Mutation mutation = kCombining[dice_.Below(std::size(kCombining))];
  if (!Apply(mutation, a, b)) return Mutate(a);
  return uint32_t{1} << static_cast<int>(mutation);
}

bool Mutator::Apply(Mutation mutation, Input* input, const Input& other) {
  switch (mutation) {
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

Op Mutator::DrawOp() {
  Op op;
  op.kind = static_cast<OpKind>(dice_.Below(kOpKinds));
  op.actor = static_cast<Actor>(dice_.Below(4));
  op.count = static_cast<uint8_t>(dice_.Between(1, kMostCount));
  op.variant = static_cast<uint8_t>(dice_.Between(0, kMostVariant));
  op.meets = dice_.Coin();
  return op;
}

void Mutator::ChangeOp(Op* op) {
  const Op drawn = DrawOp();
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
  const size_t at = Index(ops.size() + (grows ? 1 : 0));
  const auto where = ops.begin() + static_cast<ptrdiff_t>(at);
  switch (mutation) {
    case Mutation::kInsertOp:
      ops.insert(where, DrawOp());
      return true;
    case Mutation::kDuplicateOp: {
      const Op copy = ops[Index(ops.size())];
      ops.insert(where, copy);
      return true;
    }
    case Mutation::kDeleteOp:
      ops.erase(where);
      return true;
    case Mutation::kSwapOps:
      std::swap(ops[at], ops[Index(ops.size())]);
      return true;
    default:
      ChangeOp(&ops[at]);
      return true;
  }
}

Moment Mutator::DrawMoment() {
  if (moment_count_ > 0 && !dice_.OneIn(8)) {
    return moments_[Index(static_cast<size_t>(moment_count_))];
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
  if (mutation == Mutation::kNewBase) {
    plan->base = static_cast<explore::PlanBase>(
        dice_.Below(static_cast<uint64_t>(explore::kPlanBases)));
    plan->seed = static_cast<uint32_t>(dice_.Next());
    return true;
  }
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
