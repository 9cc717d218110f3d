#include "stress/scenarios/gathering.h"

#include <memory>
#include <utility>
#include <vector>

#include "stress/scenarios/pace.h"

namespace reveille::stress {
namespace {

struct Group {
  Round& round;
  Dice dice;
  const int size;
  const std::function<void(int)> body;
};
using GroupRef = std::shared_ptr<Group>;

void SubmitOne(const GroupRef& group, int i) {
  group->round.Submit([group, i] { group->body(i); });
}

// From a thread outside, one after the other.
void OneByOne(const GroupRef& group) {
  const Gap gap = group->dice.Coin() ? Gap::kNone : Gap::kBrief;
  for (int i = 0; i < group->size; ++i) {
    SubmitOne(group, i);
    Pause(group->round, group->dice, gap);
  }
}

void InOneBatch(const GroupRef& group) {
  std::vector<std::function<void()>> bodies;
  for (int i = 0; i < group->size; ++i) {
    bodies.push_back([group, i] { group->body(i); });
  }
  group->round.SubmitTogether(std::move(bodies));
}

// One task submits all the others, then goes on.
void ByTheFirst(const GroupRef& group) {
  group->round.Submit([group] {
    for (int i = 1; i < group->size; ++i) SubmitOne(group, i);
    group->body(0);
  });
}

// One task submits all of them with short ones in front and behind, and ends:
// its worker then takes them from its own queue while others may be at it.
void ByOneThatLeaves(const GroupRef& group) {
  group->round.Submit([group] {
    Round& round = group->round;
    const auto submit_short = [&round] {
      round.Submit([&round] { Compute(round, round.knobs().work_ns / 4); });
    };
    if (group->dice.Coin()) submit_short();
    for (int i = 0; i < group->size; ++i) SubmitOne(group, i);
    if (group->dice.Coin()) submit_short();
  });
}

// Each submits the next one, then goes on.
void InAChain(const GroupRef& group, int i) {
  group->round.Submit([group, i] {
    if (i + 1 < group->size) InAChain(group, i + 1);
    group->body(i);
  });
}

// Each submits two more.
void InATree(const GroupRef& group, int i) {
  if (i >= group->size) return;
  group->round.Submit([group, i] {
    InATree(group, 2 * i + 1);
    InATree(group, 2 * i + 2);
    group->body(i);
  });
}

// Half from inside and half from outside, at the same time.
void FromBothSides(const GroupRef& group) {
  const int half = group->size / 2;
  group->round.Submit([group, half] {
    for (int i = half + 1; i < group->size; ++i) SubmitOne(group, i);
    group->body(half);
  });
  for (int i = 0; i < half; ++i) SubmitOne(group, i);
}

// Among short tasks that keep the workers coming and going.
void AmongShortOnes(const GroupRef& group) {
  Round& round = group->round;
  const int load = round.Scale(group->size * 4, 1);
  for (int i = 0; i < group->size; ++i) {
    for (int k = group->dice.Between(0, load); k > 0; --k) {
      round.Submit([&round] { Compute(round, round.knobs().work_ns / 4); });
    }
    SubmitOne(group, i);
  }
}

}  // namespace

void Gather(Round& round, Dice& dice, int n, std::function<void(int)> body) {
  const auto group =
      std::make_shared<Group>(Group{round, dice.Fork(), n, std::move(body)});
  switch (dice.Below(8)) {
    case 0:
      return OneByOne(group);
    case 1:
      return InOneBatch(group);
    case 2:
      return ByTheFirst(group);
    case 3:
      return InAChain(group, 0);
    case 4:
      return InATree(group, 0);
    case 5:
      return FromBothSides(group);
    case 6:
      return ByOneThatLeaves(group);
    default:
      return AmongShortOnes(group);
  }
}

}  // namespace reveille::stress
