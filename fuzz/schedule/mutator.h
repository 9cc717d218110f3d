// Mutator: makes new inputs of old ones, in the terms in which they mean
// something, so that most of what it makes is worth an execution.
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
// The last of them need a second input.
inline constexpr int kLoneMutations =
    static_cast<int>(Mutation::kPlanOfAnother);

class Mutator {
 public:
  // `last`: the execution that was the last, or null. Departures are put at its
  // moments, and its objects come into focus.
  Mutator(uint64_t seed, const explore::Planned* last)
      : dice_(seed), last_(last) {}

  // One to a few mutations. What they were, for who wants to know.
  uint32_t Mutate(Input* input);
  // `a`, with something of `b`.
  uint32_t Cross(Input* a, const Input& b);
  // False: it does not apply.
  bool Apply(Mutation mutation, Input* input, const Input& other);

 private:
  Mutation DrawLone();
  Op DrawOp(int procs);
  Op DrawOp(OpKind kind, int procs);
  void ChangeOp(Op* op, int procs);
  Program DrawProgram();
  void ChangePool(Program* program);
  explore::Moment DrawMoment();
  explore::Departure DrawDeparture();
  void ChangeDeparture(explore::Departure* departure);
  void NewPlan(explore::Plan* plan);
  bool NewFocus(explore::Plan* plan);
  bool AddDeparture(explore::Plan* plan, const explore::Departure& departure);
  bool ApplyToOps(Mutation mutation, Program* program);
  bool ApplyToPlan(Mutation mutation, explore::Plan* plan);
  bool Combine(Mutation mutation, Input* input, const Input& other);
  bool SpliceOps(Program* program, const Program& other);
  bool CopyWindow(explore::Plan* plan, const explore::Plan& other);
  size_t Index(size_t size) { return static_cast<size_t>(dice_.Below(size)); }

  stress::Dice dice_;
  const explore::Planned* const last_;
};

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_SCHEDULE_MUTATOR_H_
