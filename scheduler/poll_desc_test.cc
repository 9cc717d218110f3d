#include "scheduler/poll_desc.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "scheduler/g.h"
#include "scheduler/park.h"
#include "scheduler/testing.h"

namespace reveille::internal {
namespace {

using Direction = PollDesc::Direction;
constexpr Direction kDirections[] = {Direction::kRead, Direction::kWrite};

// A waiter whose task is parked.
struct Parked {
  Parked() {
    ParkOperationAccess::SetG(&waiter, &g);
    EXPECT_TRUE(ParkOperationAccess::Commit(&waiter));
  }
  G g;
  Waiter waiter;
};

class PollDescTest : public ::testing::Test {
 protected:
  bool Put(Direction direction, Waiter* waiter) {
    MutexLock lock(&desc_.mutex);
    return desc_.Put(direction, waiter);
  }
  bool Take(Direction direction, Waiter* waiter) {
    MutexLock lock(&desc_.mutex);
    return desc_.Take(direction, waiter);
  }
  G* Wake(Direction direction, reveille::Wake wake) {
    MutexLock lock(&desc_.mutex);
    Waiter::Claimed claimed;
    const bool deliver = desc_.Wake(direction, wake, &claimed);
    EXPECT_EQ(deliver, claimed.g != nullptr);
    return claimed.g;
  }
  PollDesc::Interest Interest() {
    MutexLock lock(&desc_.mutex);
    return desc_.interest();
  }
  PollDesc desc_;
};

TEST_F(PollDescTest, StartsWithoutInterest) {
  EXPECT_FALSE(Interest().Any());
  for (Direction direction : kDirections) {
    EXPECT_EQ(Wake(direction, reveille::Wake::kReady), nullptr);
  }
}

TEST_F(PollDescTest, OneWaiterForEachDirection) {
  Parked reader;
  Parked writer;
  Parked late;
  EXPECT_TRUE(Put(Direction::kRead, &reader.waiter));
  EXPECT_FALSE(Put(Direction::kRead, &late.waiter));
  EXPECT_TRUE(Put(Direction::kWrite, &writer.waiter));
  EXPECT_TRUE(Interest().read);
  EXPECT_TRUE(Interest().write);
}

TEST_F(PollDescTest, AWakeReachesOnlyItsDirectionAndOnlyOnce) {
  Parked reader;
  Parked writer;
  Put(Direction::kRead, &reader.waiter);
  Put(Direction::kWrite, &writer.waiter);
  EXPECT_EQ(Wake(Direction::kRead, reveille::Wake::kReady), &reader.g);
  EXPECT_EQ(Wake(Direction::kRead, reveille::Wake::kReady), nullptr);
  EXPECT_EQ(reader.waiter.result(), reveille::Wake::kReady);
  EXPECT_FALSE(Interest().read);
  EXPECT_TRUE(Interest().write);
}

TEST_F(PollDescTest, OneThatWasTakenOutIsNotWoken) {
  Parked reader;
  Put(Direction::kRead, &reader.waiter);
  EXPECT_TRUE(Take(Direction::kRead, &reader.waiter));
  EXPECT_FALSE(Take(Direction::kRead, &reader.waiter));
  EXPECT_EQ(Wake(Direction::kRead, reveille::Wake::kReady), nullptr);
}

TEST_F(PollDescTest, TakeOfASlotThatBelongsToTheNextOneLeavesItAlone) {
  Parked first;
  Parked second;
  Put(Direction::kRead, &first.waiter);
  Wake(Direction::kRead, reveille::Wake::kReady);
  Put(Direction::kRead, &second.waiter);
  EXPECT_FALSE(Take(Direction::kRead, &first.waiter));
  EXPECT_TRUE(Interest().read);
}

TEST_F(PollDescTest, AWaiterThatTimedOutFirstIsNotDelivered) {
  Parked reader;
  Put(Direction::kRead, &reader.waiter);
  Waiter::Claimed claimed;
  ASSERT_TRUE(reader.waiter.Claim(reveille::Wake::kTimedOut, &claimed));
  EXPECT_EQ(Wake(Direction::kRead, reveille::Wake::kReady), nullptr);
  EXPECT_EQ(reader.waiter.result(), reveille::Wake::kTimedOut);
  EXPECT_FALSE(Interest().read);  // It has left the slot all the same.
}

TEST_F(PollDescTest, AWaiterThatIsNotAsleepYetSeesItsWakeItself) {
  Waiter registering;
  Put(Direction::kRead, &registering);
  EXPECT_EQ(Wake(Direction::kRead, reveille::Wake::kClosed), nullptr);
  EXPECT_FALSE(ParkOperationAccess::Commit(&registering));
  EXPECT_EQ(registering.result(), reveille::Wake::kClosed);
}

// --- Against a model
// -----------------------------------------------------------

// What a descriptor's slots may get wrong; the model must see each.
enum class Bug {
  kNone,
  kPutOverwrites,
  kWakeLeavesTheSlotTaken,
  kWakeReachesTheOtherDirection,
  kWakeIsForgotten,
  kTakeIsForgotten,
  kTakeForgetsWhose,
};

// The descriptor under test, behind a layer that may misbehave.
class TestedDesc {
 public:
  explicit TestedDesc(Bug bug) : bug_(bug) {}

  bool Put(Direction direction, Waiter* waiter) {
    MutexLock lock(&desc_.mutex);
    Waiter*& slot = slots_[Index(direction)];
    if (bug_ == Bug::kPutOverwrites && slot != nullptr) {
      desc_.Take(direction, slot);
    }
    const bool put = desc_.Put(direction, waiter);
    if (put) slot = waiter;
    return put;
  }
  bool Take(Direction direction, Waiter* waiter) {
    MutexLock lock(&desc_.mutex);
    if (bug_ == Bug::kTakeIsForgotten) return true;
    Waiter*& slot = slots_[Index(direction)];
    if (bug_ == Bug::kTakeForgetsWhose && slot != nullptr) waiter = slot;
    return desc_.Take(direction, waiter);
  }
  G* Wake(Direction direction, reveille::Wake wake) {
    MutexLock lock(&desc_.mutex);
    if (bug_ == Bug::kWakeIsForgotten) return nullptr;
    if (bug_ == Bug::kWakeReachesTheOtherDirection) {
      direction = kDirections[1 - Index(direction)];
    }
    Waiter::Claimed claimed;
    desc_.Wake(direction, wake, &claimed);
    if (bug_ == Bug::kWakeLeavesTheSlotTaken) {
      desc_.Put(direction, slots_[Index(direction)]);
    }
    return claimed.g;
  }
  PollDesc::Interest Interest() {
    MutexLock lock(&desc_.mutex);
    return desc_.interest();
  }

 private:
  static size_t Index(Direction direction) {
    return direction == Direction::kRead ? 0 : 1;
  }
  const Bug bug_;
  PollDesc desc_;
  Waiter* slots_[2] = {};  // Who was put there last.
};

// Two slots as they should be: whose, and whether that one still waits.
class Model {
 public:
  explicit Model(Bug bug) : desc_(bug) {}

  // One random step. False: the two disagree.
  bool Step(uint32_t random) {
    const size_t d = random % 2;
    switch (random / 2 % 5) {
      case 0:
        return Put(d);
      case 1:
        return Wake(d, (random & 64) != 0 ? reveille::Wake::kReady
                                          : reveille::Wake::kClosed);
      case 2:
        return Take(d);
      case 3:
        return TakeOfAStranger(d);
      default:
        return TimeOut(d);
    }
  }
  bool Agree() {
    return desc_.Interest().read == (slots_[0].owner != nullptr) &&
           desc_.Interest().write == (slots_[1].owner != nullptr);
  }

 private:
  struct Slot {
    Parked* owner = nullptr;
    bool waits = false;
  };
  bool Put(size_t d) {
    Parked* fresh = all_.emplace_back(std::make_unique<Parked>()).get();
    const bool free = slots_[d].owner == nullptr;
    if (free) slots_[d] = {fresh, true};
    return desc_.Put(kDirections[d], &fresh->waiter) == free;
  }
  bool Wake(size_t d, reveille::Wake wake) {
    const Slot slot = std::exchange(slots_[d], Slot());
    G* woken = desc_.Wake(kDirections[d], wake);
    if (!slot.waits) return woken == nullptr;
    return woken == &slot.owner->g && slot.owner->waiter.result() == wake;
  }
  bool Take(size_t d) {
    if (slots_[d].owner == nullptr) return true;
    return desc_.Take(kDirections[d],
                      &std::exchange(slots_[d], Slot()).owner->waiter);
  }
  bool TakeOfAStranger(size_t d) {
    Parked stranger;
    return !desc_.Take(kDirections[d], &stranger.waiter);
  }
  bool TimeOut(size_t d) {
    if (slots_[d].owner == nullptr) return true;
    Waiter::Claimed claimed;
    return slots_[d].owner->waiter.Claim(reveille::Wake::kTimedOut, &claimed) ==
           std::exchange(slots_[d].waits, false);
  }

  TestedDesc desc_;
  Slot slots_[2];
  std::vector<std::unique_ptr<Parked>> all_;
};

// The steps until the two disagree, or -1 when they never do.
int StepsUntilTheyDisagree(Bug bug, int steps) {
  std::mt19937 random(5);
  Model model(bug);
  for (int step = 0; step < steps; ++step) {
    if (!model.Step(random()) || !model.Agree()) return step;
  }
  return -1;
}

TEST(PollDescModelTest, AgreesWithAModelUnderRandomUse) {
  EXPECT_EQ(StepsUntilTheyDisagree(Bug::kNone, 20'000), -1);
}

using Planted = testing::Named<Bug>;
class PollDescPlantedTest : public ::testing::TestWithParam<Planted> {};
INSTANTIATE_TEST_SUITE_P(
    EachBug, PollDescPlantedTest,
    ::testing::Values(Planted{"PutOverwrites", Bug::kPutOverwrites},
                      Planted{"WakeLeavesTheSlotTaken",
                              Bug::kWakeLeavesTheSlotTaken},
                      Planted{"WakeReachesTheOtherDirection",
                              Bug::kWakeReachesTheOtherDirection},
                      Planted{"WakeIsForgotten", Bug::kWakeIsForgotten},
                      Planted{"TakeIsForgotten", Bug::kTakeIsForgotten},
                      Planted{"TakeForgetsWhose", Bug::kTakeForgetsWhose}),
    testing::kByName);

TEST_P(PollDescPlantedTest, IsSeenByTheModel) {
  EXPECT_GE(StepsUntilTheyDisagree(GetParam().value, 20'000), 0);
}

}  // namespace
}  // namespace reveille::internal
