// Flight recorder: a fixed ring of the last events of one thread.
//
// Off it costs a load and a branch; on, a time-stamp counter and four stores.
// The owner records without a lock; any thread may decode while it goes on, and
// drops the events that were overwritten under its eyes.
#ifndef REVEILLE_SCHEDULER_FLIGHT_RECORDER_H_
#define REVEILLE_SCHEDULER_FLIGHT_RECORDER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace reveille::internal {

enum class Event : uint8_t {
  kNone,
  kSpawn,  // arg: the new G.
  kReady,  // A G made runnable.
  kRun,    // A G starts or goes on.
  kFinish,
  kPark,
  kYield,
  kSteal,  // arg: from which P.
  kGlobalGet,
  kWakeP,     // Counted itself in nmspinning.
  kWakePNoP,  // ... found no idle P, set needspinning.
  kStartM,    // arg: the M given the P.
  kStopM,
  kMWoke,
  kHandOffP,
  kPIdle,
  kBecomeSpinning,
  kStopSpinning,   // Without work.
  kResetSpinning,  // With work.
  kPollBlock,
  kPollReturn,  // arg: Gs made ready.
  kInject,      // arg: how many.
  kBlockEnter,
  kBlockExit,
  kRetake,  // arg: the P.
  kTimers,  // arg: how many fired.
  kGcStopM,
  kCount,
};
const char* ToString(Event event);

struct FlightEvent {
  uint64_t tsc = 0;
  uint64_t g = 0;
  int32_t p = -1;
  uint32_t arg = 0;
  Event event = Event::kNone;
};

class FlightRing {
 public:
  // A power of two; 0 leaves it without a ring.
  explicit FlightRing(size_t capacity);

  // The owner only.
  void Record(Event event, int p, uint64_t g, uint32_t arg) {
    if (capacity_ != 0) RecordSlow(event, p, g, arg);
  }
  // Any thread: what is held now, oldest first.
  std::vector<FlightEvent> Decode() const;

 private:
  // Two words and a time, each atomic, so that a reader that races sees a
  // value that was written; next_ tells it which slots to distrust.
  struct Slot {
    std::atomic<uint64_t> tsc{0};
    std::atomic<uint64_t> g{0};
    std::atomic<uint64_t> packed{0};
  };
  static uint64_t Pack(Event event, int p, uint32_t arg);
  static FlightEvent Unpack(const Slot& slot);
  void RecordSlow(Event event, int p, uint64_t g, uint32_t arg);

  const size_t capacity_;
  std::unique_ptr<Slot[]> slots_;
  std::atomic<uint64_t> next_{0};
};

// Turns time-stamp counts into nanoseconds on CLOCK_MONOTONIC, from two pairs
// of both that lie apart.
class TscClock {
 public:
  TscClock();
  // Best some milliseconds after construction.
  double ToNs(uint64_t tsc) const;

 private:
  uint64_t tsc0_;
  int64_t ns0_;
};

uint64_t ReadTsc();

// One thread's worth of a trace.
struct FlightLane {
  int m = 0;
  int tid = 0;
  std::vector<FlightEvent> events;
};
// Chrome trace JSON: a lane per M, spans for running Gs, instants for the rest.
std::string ToChromeTrace(const std::vector<FlightLane>& lanes,
                          const TscClock& clock);

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_FLIGHT_RECORDER_H_
