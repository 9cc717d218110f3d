#include "scheduler/flight_recorder.h"

#include <x86intrin.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "scheduler/note.h"

namespace reveille::internal {
namespace {

constexpr const char* kNames[] = {
    "none",        "spawn",         "ready",          "run",
    "finish",      "park",          "yield",          "steal",
    "global-get",  "wakep",         "wakep-no-p",     "startm",
    "stopm",       "m-woke",        "handoffp",       "p-idle",
    "spinning",    "stop-spinning", "reset-spinning", "poll-block",
    "poll-return", "inject",        "block-enter",    "block-exit",
    "retake",      "timers",        "gcstopm"};
static_assert(std::size(kNames) == static_cast<size_t>(Event::kCount));

bool EndsRun(Event event) {
  return event == Event::kFinish || event == Event::kPark ||
         event == Event::kYield;
}

// Writes the events of one lane; keeps the span of the running G.
class LaneWriter {
 public:
  LaneWriter(const FlightLane& lane, const TscClock& clock, std::string* out)
      : lane_(lane), clock_(clock), out_(out) {}

  void Write() {
    for (const FlightEvent& event : lane_.events) WriteOne(event);
  }

 private:
  void WriteOne(const FlightEvent& event) {
    if (event.event == Event::kRun) {
      run_ = event;
    } else if (EndsRun(event.event) && run_.event == Event::kRun) {
      WriteSpan(event);
      run_ = FlightEvent();
    }
    if (event.event != Event::kRun) WriteInstant(event);
  }

  void WriteSpan(const FlightEvent& end) {
    const double begin_us = clock_.ToNs(run_.tsc) / 1000;
    Append("{\"ph\":\"X\",\"name\":\"G%" PRIu64
           "\",\"pid\":1,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f,"
           "\"args\":{\"p\":%d,\"end\":\"%s\"}}",
           run_.g, lane_.m, begin_us,
           std::max(clock_.ToNs(end.tsc) / 1000 - begin_us, 0.0), run_.p,
           ToString(end.event));
  }

  void WriteInstant(const FlightEvent& event) {
    Append(
        "{\"ph\":\"i\",\"s\":\"t\",\"name\":\"%s\",\"pid\":1,\"tid\":%d,"
        "\"ts\":%.3f,\"args\":{\"p\":%d,\"g\":%" PRIu64 ",\"arg\":%u}}",
        ToString(event.event), lane_.m, clock_.ToNs(event.tsc) / 1000, event.p,
        event.g, event.arg);
  }

  template <typename... Args>
  void Append(const char* format, Args... args) {
    char line[256];
    std::snprintf(line, sizeof line, format, args...);
    out_->append(",\n").append(line);
  }

  const FlightLane& lane_;
  const TscClock& clock_;
  std::string* out_;
  FlightEvent run_;
};

std::string LaneName(const FlightLane& lane) {
  char line[160];
  std::snprintf(line, sizeof line,
                "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":%d,"
                "\"args\":{\"name\":\"M%d (thread %d)\"}}",
                lane.m, lane.m, lane.tid);
  return line;
}

}  // namespace

uint64_t ReadTsc() { return __rdtsc(); }

const char* ToString(Event event) {
  const auto index = static_cast<size_t>(event);
  return index < std::size(kNames) ? kNames[index] : "?";
}

FlightRing::FlightRing(size_t capacity)
    : capacity_(capacity),
      slots_(capacity == 0 ? nullptr : new Slot[capacity]) {}

uint64_t FlightRing::Pack(Event event, int p, uint32_t arg) {
  return uint64_t{static_cast<uint8_t>(event)} << 56 |
         (uint64_t{static_cast<uint32_t>(p + 1)} & 0xffffff) << 32 | arg;
}

FlightEvent FlightRing::Unpack(const Slot& slot) {
  FlightEvent event;
  const uint64_t packed = slot.packed.load();
  event.tsc = slot.tsc.load();
  event.g = slot.g.load();
  event.event = static_cast<Event>(packed >> 56);
  event.p = static_cast<int>((packed >> 32) & 0xffffff) - 1;
  event.arg = static_cast<uint32_t>(packed);
  return event;
}

void FlightRing::RecordSlow(Event event, int p, uint64_t g, uint32_t arg) {
  // order: relaxed; only the owner writes, and the release below publishes
  // [W11].
  const uint64_t at = next_.load(std::memory_order_relaxed);
  Slot& slot = slots_[at & (capacity_ - 1)];
  // order: relaxed, as above [W11].
  slot.tsc.store(ReadTsc(), std::memory_order_relaxed);
  slot.g.store(g, std::memory_order_relaxed);
  slot.packed.store(Pack(event, p, arg), std::memory_order_relaxed);
  // order: release; pairs with the loads of next_ in Decode() [W11].
  next_.store(at + 1, std::memory_order_release);
}

std::vector<FlightEvent> FlightRing::Decode() const {
  std::vector<FlightEvent> events;
  if (capacity_ == 0) return events;
  const uint64_t end = next_.load();
  const uint64_t begin = end > capacity_ ? end - capacity_ : 0;
  for (uint64_t i = begin; i < end; ++i) {
    events.push_back(Unpack(slots_[i & (capacity_ - 1)]));
  }
  // The owner may have lapped us: what it has overwritten, or is just about to
  // overwrite, is not to be trusted.
  const uint64_t now = next_.load();
  const uint64_t kept = now + 1 > capacity_ ? now + 1 - capacity_ : 0;
  if (kept > begin) {
    const auto drop =
        static_cast<ptrdiff_t>(std::min<uint64_t>(kept - begin, events.size()));
    events.erase(events.begin(), events.begin() + drop);
  }
  return events;
}

TscClock::TscClock() : tsc0_(ReadTsc()), ns0_(NowNs()) {}

double TscClock::ToNs(uint64_t tsc) const {
  const uint64_t tsc1 = ReadTsc();
  const int64_t ns1 = NowNs();
  const double rate = tsc1 == tsc0_ ? 1.0
                                    : static_cast<double>(ns1 - ns0_) /
                                          static_cast<double>(tsc1 - tsc0_);
  const auto ticks = static_cast<double>(static_cast<int64_t>(tsc - tsc0_));
  return static_cast<double>(ns0_) + ticks * rate;
}

std::string ToChromeTrace(const std::vector<FlightLane>& lanes,
                          const TscClock& clock) {
  std::string out = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
  out +=
      "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"tid\":0,"
      "\"args\":{\"name\":\"reveille\"}}";
  for (const FlightLane& lane : lanes) {
    out += ",\n" + LaneName(lane);
    LaneWriter(lane, clock, &out).Write();
  }
  return out + "\n]}\n";
}

}  // namespace reveille::internal
