#include "scheduler/poll_desc.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "scheduler/g.h"
#include "scheduler/park.h"

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

// What a slot should be: empty, or whose; and whether that one still waits.
struct Slot {
  Parked* owner = nullptr;
  bool waits = false;
};

TEST_F(PollDescTest, AgreesWithAModelUnderRandomUse) {
  std::mt19937 random(5);
  std::vector<std::unique_ptr<Parked>> all;
  Slot model[2];
  for (int step = 0; step < 20'000; ++step) {
    const size_t d = random() % 2;
    Slot& slot = model[d];
    switch (random() % 4) {
      case 0: {
        all.push_back(std::make_unique<Parked>());
        ASSERT_EQ(Put(kDirections[d], &all.back()->waiter),
                  slot.owner == nullptr);
        if (slot.owner == nullptr) slot = {all.back().get(), true};
        break;
      }
      case 1: {
        const auto wake = random() % 2 == 0 ? reveille::Wake::kReady
                                            : reveille::Wake::kClosed;
        ASSERT_EQ(Wake(kDirections[d], wake),
                  slot.waits ? &slot.owner->g : nullptr);
        if (slot.waits) {
          ASSERT_EQ(slot.owner->waiter.result(), wake);
        }
        slot = Slot();
        break;
      }
      case 2:
        if (slot.owner != nullptr) {
          ASSERT_TRUE(Take(kDirections[d], &slot.owner->waiter));
          slot = Slot();
        }
        break;
      case 3:  // The deadline of whoever waits.
        if (slot.owner != nullptr) {
          Waiter::Claimed claimed;
          ASSERT_EQ(
              slot.owner->waiter.Claim(reveille::Wake::kTimedOut, &claimed),
              slot.waits);
          slot.waits = false;
        }
        break;
    }
    ASSERT_EQ(Interest().read, model[0].owner != nullptr);
    ASSERT_EQ(Interest().write, model[1].owner != nullptr);
  }
}

}  // namespace
}  // namespace reveille::internal
