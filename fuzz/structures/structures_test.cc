// What the models are worth: each must see the bugs planted here, within a few
// inputs that nobody chose, and nothing in the scheduler as it is.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "fuzz/structures/flight_recorder_model.h"
#include "fuzz/structures/global_queue_model.h"
#include "fuzz/structures/note_model.h"
#include "fuzz/structures/poll_desc_model.h"
#include "fuzz/structures/run_queue_model.h"
#include "fuzz/structures/timers_model.h"

namespace reveille::fuzz {
namespace {

using internal::G;
using internal::TimerNode;
using internal::Waiter;

template <typename Model>
void RunInputs(int count) {
  std::mt19937 random(17);
  for (int i = 0; i < count; ++i) {
    std::vector<uint8_t> bytes(random() % 600);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    Input input(bytes.data(), bytes.size());
    Model().Run(&input);
  }
}

constexpr int kInputs = 40;

// --- What is to be seen
// -------------------------------------------------------

struct KickedIsForgotten : internal::RunQueue {
  G* PutNext(G* g) {
    RunQueue::PutNext(g);
    return nullptr;
  }
};
struct StealsItAll : internal::RunQueue {
  G* StealInto(StealsItAll* thief, bool take_next) {
    bool inherit;
    G* got = RunQueue::StealInto(thief, take_next);
    for (G* more = Get(&inherit); more != nullptr; more = Get(&inherit)) {
      thief->PutTail(more);
    }
    return got;
  }
};
struct LeavesRunnext : internal::RunQueue {
  bool Empty() const { return RingSize() == 0; }
};
struct ForgetsTheNewcomer : internal::RunQueue {
  bool SpillHalf(G* g, G** spill) {
    const bool spilled = RunQueue::SpillHalf(g, spill);
    if (spilled) spill[kSpill - 1] = spill[0];
    return spilled;
  }
};

struct LastInFirstOut : internal::GlobalQueue {
  G* Pop() {
    G* last = nullptr;
    const uint32_t n = size();
    for (uint32_t i = 1; i < n; ++i) Push(GlobalQueue::Pop());
    if (n > 0) last = GlobalQueue::Pop();
    return last;
  }
};
struct TakesTheFirst : internal::GlobalQueue {
  template <typename Predicate>
  G* Extract(Predicate wanted) {
    bool any = false;
    return GlobalQueue::Extract([&](const G* g) {
      any |= wanted(g);
      return size() > 2 || any;
    });
  }
};

struct FiresEarly : internal::TimerHeap {
  int RunExpired(int64_t now, void* fired) {
    return TimerHeap::RunExpired(now | 7, fired);
  }
};
struct MovesNothingAhead : internal::TimerHeap {
  static bool Modify(TimerNode* node, int64_t when, bool* earliest) {
    return TimerHeap::Modify(node, std::max(when, node->when_ns), earliest);
  }
};
struct ForgetsToTell : internal::TimerHeap {
  bool Add(TimerNode* node, int64_t when) {
    TimerHeap::Add(node, when);
    return false;
  }
};
struct TakesAnybody : internal::PollDesc {
  bool Take(Direction direction, Waiter* waiter) REVEILLE_REQUIRES(mutex) {
    Waiter::Claimed claimed;
    if (PollDesc::Take(direction, waiter)) return true;
    PollDesc::Wake(direction, Wake::kReady, &claimed);
    return false;
  }
};
struct WakesBoth : internal::PollDesc {
  bool Wake(Direction direction, reveille::Wake wake, Waiter::Claimed* claimed)
      REVEILLE_REQUIRES(mutex) {
    Waiter::Claimed other;
    PollDesc::Wake(
        direction == Direction::kRead ? Direction::kWrite : Direction::kRead,
        wake, &other);
    return PollDesc::Wake(direction, wake, claimed);
  }
};
struct SaysTakenIsFree : internal::PollDesc {
  bool Put(Direction direction, Waiter* waiter) REVEILLE_REQUIRES(mutex) {
    PollDesc::Put(direction, waiter);
    return true;
  }
};

struct ClearsBeforeSleep : internal::Note {
  bool SleepUntil(int64_t deadline_ns) {
    Clear();
    return Note::SleepUntil(deadline_ns);
  }
};
struct SpinsBlindly : internal::Note {
  bool SpinForWake(int) const { return false; }
};

struct KeepsTheFirst : internal::FlightRing {
  using FlightRing::FlightRing;
  std::vector<internal::FlightEvent> Decode() const {
    auto events = FlightRing::Decode();
    if (events.size() > 5) events.erase(events.begin() + 2);
    return events;
  }
};
struct NarrowP : internal::FlightRing {
  using FlightRing::FlightRing;
  void Record(internal::Event event, int p, uint64_t g, uint32_t arg) {
    FlightRing::Record(event, p & 0xffff, g, arg);
  }
};

// --- The tests
// ----------------------------------------------------------------

template <typename Model>
class ModelOfTheScheduler : public ::testing::Test {};
using Models =
    ::testing::Types<RunQueueModel<>, GlobalQueueModel<>, TimersModel<>,
                     PollDescModel<>, NoteModel<>, FlightRecorderModel<>>;
TYPED_TEST_SUITE(ModelOfTheScheduler, Models);
TYPED_TEST(ModelOfTheScheduler, Agrees) { RunInputs<TypeParam>(kInputs); }

template <typename Model>
class ModelOfAPlantedBug : public ::testing::Test {};
using PlantedModels = ::testing::Types<
    RunQueueModel<KickedIsForgotten>, RunQueueModel<StealsItAll>,
    RunQueueModel<LeavesRunnext>, RunQueueModel<ForgetsTheNewcomer>,
    GlobalQueueModel<LastInFirstOut>, GlobalQueueModel<TakesTheFirst>,
    TimersModel<FiresEarly>, TimersModel<MovesNothingAhead>,
    TimersModel<ForgetsToTell>, PollDescModel<TakesAnybody>,
    PollDescModel<WakesBoth>, PollDescModel<SaysTakenIsFree>,
    NoteModel<ClearsBeforeSleep>, NoteModel<SpinsBlindly>,
    FlightRecorderModel<KeepsTheFirst>, FlightRecorderModel<NarrowP>>;
TYPED_TEST_SUITE(ModelOfAPlantedBug, PlantedModels);
TYPED_TEST(ModelOfAPlantedBug, IsSeen) {
  EXPECT_DEATH(RunInputs<TypeParam>(kInputs), "BROKEN PROMISE");
}

}  // namespace
}  // namespace reveille::fuzz
