// Mutator: makes new inputs of old ones, in the terms in which they mean
// something, so that most of what it makes is worth an execution.
//
// Schedules are cheap to vary and decide most; and what an execution teaches
// (moments, shared objects) holds for the next one of the same program. So a
// program stays for a while.
#ifndef REVEILLE_FUZZ_SCHEDULE_MUTATOR_H_
#define REVEILLE_FUZZ_SCHEDULE_MUTATOR_H_

#include <cstdint>

#include "fuzz/schedule/input.h"
#include "stress/scenarios/dice.h"

namespace reveille::fuzz {

#define REVEILLE_FUZZ_MUTATIONS(X) \
  X(kNewProgram)                   \
  X(kKeepTwoOps)                   \
  X(kInsertOp)                     \
  X(kDeleteOp)                     \
  X(kDuplicateOp)                  \
  X(kSwapOps)                      \
  X(kChangeOp)                     \
  X(kChangePool)                   \
  X(kNewSeed)                      \
  X(kNewPlan)                      \
  X(kNewFocus)                     \
  X(kAddDeparture)                 \
  X(kRemoveDeparture)              \
  X(kMoveDeparture)                \
  X(kChangeDeparture)              \
  X(kAddReseed)                    \
  X(kPlanOfAnother)                \
  X(kSpliceOps)                    \
  X(kCopyWindow)

enum class Mutation : uint8_t {
#define REVEILLE_FUZZ_ENUMERATOR(mutation) mutation,
  REVEILLE_FUZZ_MUTATIONS(REVEILLE_FUZZ_ENUMERATOR)
#undef REVEILLE_FUZZ_ENUMERATOR
};
inline constexpr int kMutations = static_cast<int>(Mutation::kCopyWindow) + 1;

class Mutator {
 public:
  // `last`: the execution that was the last, or null. Departures are put at its
  // moments, and its objects come into focus.
  Mutator(uint64_t seed, const explore::Planned* last)
      : dice_(seed), last_(last) {}

  // A program has a turn: some executions in a row are of it, each under
  // another schedule. A turn begins with the program of `input`, with that one
  // changed, or with a new one. `other`: a second input to take from, or null.
  // Both say which mutations they were, as bits, for who wants to know.
  uint32_t BeginTurn(Input* input, const Input* other);
  // The same program, another schedule.
  uint32_t GoOn(Input* input, const Input* other);
  // Something less, for who looks for the smallest input that shows the same:
  // what is left of the program is in its old order.
  void Shrink(Input* input);
  // False: it does not apply.
  bool Apply(Mutation mutation, Input* input, const Input& other);

 private:
  uint32_t Do(Mutation mutation, Input* input, const Input& other);
  Op DrawOp(int procs);
  Op DrawOp(OpKind kind, int procs);
  void ChangeOp(Op* op, int procs);
  Program DrawProgram();
  std::vector<Op> DrawOps(int procs);
  void ChangePool(Program* program);
  explore::Moment DrawMoment();
  explore::Departure DrawDeparture();
  void ChangeDeparture(explore::Departure* departure);
  void NewPlan(explore::Plan* plan);
  bool NewFocus(explore::Plan* plan);
  void LearnMeetings(explore::Plan* plan);
  bool AddDeparture(explore::Plan* plan, const explore::Departure& departure);
  bool ApplyToOps(Mutation mutation, Program* program);
  bool ApplyToPlan(Mutation mutation, explore::Plan* plan);
  bool Combine(Mutation mutation, Input* input, const Input& other);
  void ShrinkOp(Op* op);
  void ShrinkPlan(explore::Plan* plan);
  bool SpliceOps(Program* program, const Program& other);
  bool CopyWindow(explore::Plan* plan, const explore::Plan& other);
  size_t Index(size_t size) { return static_cast<size_t>(dice_.Below(size)); }

  stress::Dice dice_;
  const explore::Planned* const last_;
};

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_SCHEDULE_MUTATOR_H_
