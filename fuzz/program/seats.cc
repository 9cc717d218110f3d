#include "fuzz/program/seats.h"

#include <algorithm>

namespace reveille::fuzz {
namespace {

// How many of an operation's tasks may take part in the meeting.
int TasksThatMeet(const Op& op) {
  if (LegsAfterFirst(op) > 0) return 0;
  switch (op.kind) {
    case OpKind::kIdle:  // Not while others keep the workers busy.
    case OpKind::kResize:
    case OpKind::kSleep:
    case OpKind::kPause:
    case OpKind::kDrain:
    case OpKind::kShutdown:
      return 0;
    default:
      return op.meets ? op.count * (IsPair(op) ? 2 : 1) : 0;
  }
}

// Keeps a worker, doing nothing, until time has passed.
bool Sleeps(const Op& op) {
  const bool in_task = op.actor == Actor::kTask || op.actor == Actor::kSameTask;
  return (op.kind == OpKind::kSleep && in_task) || op.kind == OpKind::kBlock;
}

int SeatsOfMeeting(const Op* first, const Op* last, int workers) {
  if (std::any_of(first, last, Resizes)) return 0;
  int tasks = 0;
  for (const Op* op = first; op != last; ++op) tasks += TasksThatMeet(*op);
  return std::min(tasks, workers);
}

// A second burst like it, or a meeting, would want the same workers.
int SeatsOfLegs(const Op* first, const Op* last, int workers, int meeting) {
  int bursts = 0;
  int tasks = 1;
  for (const Op* op = first; op != last; ++op) {
    if (LegsAfterFirst(*op) == 0) continue;
    ++bursts;
    tasks = op->count;
  }
  const bool alone =
      bursts == 1 && meeting < 2 && !std::any_of(first, last, Resizes);
  return alone ? std::min(tasks, workers) : 1;
}

}  // namespace

bool Resizes(const Op& op) { return op.kind == OpKind::kResize; }

bool IsPair(const Op& op) {
  return op.kind == OpKind::kYielding && (op.variant & 4) != 0;
}

int LegsAfterFirst(const Op& op) {
  return op.kind == OpKind::kBurst && op.meets ? op.variant % 4 : 0;
}

Seats SeatsOf(const Op* first, const Op* last, int workers) {
  Seats seats;
  seats.meeting = SeatsOfMeeting(first, last, workers);
  seats.legs = SeatsOfLegs(first, last, workers, seats.meeting);
  seats.keeps_workers =
      seats.meeting >= 2 || seats.legs >= 2 || std::any_of(first, last, Sleeps);
  return seats;
}

}  // namespace reveille::fuzz
