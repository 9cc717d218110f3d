// A flight ring against the list of what was recorded; and the trace of any
// events, true or not, which must be JSON that a viewer can read.
//
// `Ring` is the scheduler's FlightRing, or in a test one with a planted bug.
#ifndef REVEILLE_FUZZ_STRUCTURES_FLIGHT_RECORDER_MODEL_H_
#define REVEILLE_FUZZ_STRUCTURES_FLIGHT_RECORDER_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/input.h"
#include "fuzz/promise.h"
#include "nlohmann/json.hpp"
#include "scheduler/flight_recorder.h"

namespace reveille::fuzz {

template <typename Ring = internal::FlightRing>
class FlightRecorderModel {
 public:
  void Run(Input* in) {
    capacity_ = in->Flag() ? size_t{1} << in->Below(8) : 0;
    Ring ring(capacity_);
    while (!in->Empty() && told_.size() < kMostEvents) {
      const FlightEvent event = Drawn(in);
      const int count = in->Byte() < 192 ? 1 : 1 + in->Byte();
      for (int i = 0; i < count; ++i) {
        ring.Record(event.event, event.p, event.g + static_cast<uint64_t>(i),
                    event.arg);
        told_.push_back(event);
        told_.back().g += static_cast<uint64_t>(i);
      }
      if (in->Flag()) Compare(ring.Decode());
    }
    Compare(ring.Decode());
    CheckTrace(ring.Decode());
    ForgeTimes();
    CheckTrace(told_);
  }

 private:
  using FlightEvent = internal::FlightEvent;
  static constexpr size_t kMostEvents = 2000;
  // As wide as the recorder keeps it.
  static constexpr uint32_t kMostPs = (1 << 24) - 1;

  static FlightEvent Drawn(Input* in) {
    FlightEvent event;
    event.event = static_cast<internal::Event>(in->Byte());
    event.p = static_cast<int>(in->Word(3) % kMostPs) - 1;
    event.g = in->Word();
    event.arg = static_cast<uint32_t>(in->Word(4));
    return event;
  }

  void Compare(const std::vector<FlightEvent>& decoded) const {
    // The oldest slot of a full ring is the one that is written next.
    size_t kept = std::min(told_.size(), capacity_);
    if (kept == capacity_ && kept > 0) --kept;
    Promise(decoded.size() == kept,
            "a ring keeps the last of what it was told");
    const size_t first = told_.size() - kept;
    for (size_t i = 0; i < kept; ++i) {
      const FlightEvent& told = told_[first + i];
      Promise(decoded[i].event == told.event && decoded[i].p == told.p &&
                  decoded[i].g == told.g && decoded[i].arg == told.arg,
              "an event is decoded as it was recorded");
      Promise(i == 0 || decoded[i - 1].tsc <= decoded[i].tsc,
              "times do not run backwards");
    }
  }

  // What a torn or foreign recording might say.
  void ForgeTimes() {
    for (FlightEvent& event : told_) {
      event.tsc = event.g * 0x9e3779b97f4a7c15;
      event.p = static_cast<int>(event.arg);
    }
  }
  static void CheckTrace(const std::vector<FlightEvent>& events) {
    static const internal::TscClock clock;
    const std::string trace =
        internal::ToChromeTrace({{7, 1234, events}, {-1, -1, {}}}, clock);
    const auto json = nlohmann::json::parse(trace, nullptr, false);
    Promise(json.is_object() && json.contains("traceEvents") &&
                json["traceEvents"].size() >= 3 + InstantsIn(events),
            "a trace is JSON with all its events");
  }
  static size_t InstantsIn(const std::vector<FlightEvent>& events) {
    return static_cast<size_t>(
        std::count_if(events.begin(), events.end(), [](const auto& event) {
          return event.event != internal::Event::kRun;
        }));
  }

  size_t capacity_ = 0;
  std::vector<FlightEvent> told_;
};

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_STRUCTURES_FLIGHT_RECORDER_MODEL_H_
