#include "scheduler/flight_recorder.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cctype>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "scheduler/note.h"
#include "scheduler/testing.h"

namespace reveille::internal {
namespace {

TEST(FlightRingTest, WithoutCapacityItHoldsNothing) {
  FlightRing ring(0);
  ring.Record(Event::kRun, 0, 1, 2);
  EXPECT_TRUE(ring.Decode().empty());
}

TEST(FlightRingTest, GivesBackWhatWasRecorded) {
  FlightRing ring(8);
  ring.Record(Event::kRun, 3, 77, 0xffffffff);
  ring.Record(Event::kSteal, -1, uint64_t{1} << 63, 5);
  const std::vector<FlightEvent> events = ring.Decode();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].event, Event::kRun);
  EXPECT_EQ(events[0].p, 3);
  EXPECT_EQ(events[0].g, 77u);
  EXPECT_EQ(events[0].arg, 0xffffffffu);
  EXPECT_EQ(events[1].event, Event::kSteal);
  EXPECT_EQ(events[1].p, -1);
  EXPECT_EQ(events[1].g, uint64_t{1} << 63);
  EXPECT_LE(events[0].tsc, events[1].tsc);
}

TEST(FlightRingTest, KeepsTheLastWhenItWrapsOldestFirst) {
  FlightRing ring(8);
  for (uint64_t i = 0; i < 100; ++i) ring.Record(Event::kRun, 0, i, 0);
  const std::vector<FlightEvent> events = ring.Decode();
  // One less than it holds: the oldest slot is the one that is written next.
  ASSERT_EQ(events.size(), 7u);
  for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].g, 93 + i);
}

TEST(FlightRingTest, EveryEventHasAName) {
  for (int i = 0; i < static_cast<int>(Event::kCount); ++i) {
    EXPECT_STRNE(ToString(static_cast<Event>(i)), "?");
  }
  EXPECT_STREQ(ToString(Event::kCount), "?");
}

// Promise: whoever decodes while the owner goes on sees only whole events, in
// order. Each event carries its number twice; judged by the two agreeing and by
// the numbers being consecutive.
TEST(FlightRingStressTest, ConcurrentDecodeSeesWholeEventsInOrder) {
  FlightRing ring(64);
  std::atomic<bool> done{false};
  std::thread owner([&] {
    for (uint32_t i = 0; !done.load(); ++i) ring.Record(Event::kRun, 1, i, i);
  });
  for (int round = 0; round < testing::Rounds(5000); ++round) {
    const std::vector<FlightEvent> events = ring.Decode();
    for (size_t i = 0; i < events.size(); ++i) {
      ASSERT_EQ(events[i].g, events[i].arg);
      ASSERT_EQ(events[i].g, events[0].g + i);
      ASSERT_EQ(events[i].event, Event::kRun);
    }
  }
  done.store(true);
  owner.join();
}

TEST(TscClockTest, AgreesWithTheMonotonicClock) {
  const TscClock clock;
  const int64_t begin = NowNs();
  while (NowNs() < begin + 5'000'000) {
  }
  const int64_t before = NowNs();
  const double told = clock.ToNs(ReadTsc());
  const int64_t after = NowNs();
  // The rate is measured over 5 ms, so an error of a thread that was taken off
  // its processor in between stays below that span.
  EXPECT_GT(told, static_cast<double>(before) - 5e6);
  EXPECT_LT(told, static_cast<double>(after) + 5e6);
}

// --- The trace is JSON
// ---------------------------------------------------------

// A checker of JSON's grammar, no more: objects, arrays, strings, numbers.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}
  bool Valid() { return Value() && (Blank(), at_ == text_.size()); }

 private:
  void Blank() {
    while (at_ < text_.size() && std::isspace(Peek())) ++at_;
  }
  unsigned char Peek() const {
    return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : 0;
  }
  bool Eat(char c) {
    Blank();
    if (Peek() != static_cast<unsigned char>(c)) return false;
    ++at_;
    return true;
  }
  bool Value() {
    Blank();
    if (Peek() == '{') return Sequence('{', '}', true);
    if (Peek() == '[') return Sequence('[', ']', false);
    if (Peek() == '"') return String();
    return Number();
  }
  bool Sequence(char open, char close, bool keyed) {
    if (!Eat(open)) return false;
    if (Eat(close)) return true;
    do {
      if (keyed && !((Blank(), String()) && Eat(':'))) return false;
      if (!Value()) return false;
    } while (Eat(','));
    return Eat(close);
  }
  bool String() {
    if (!Eat('"')) return false;
    while (Peek() >= 0x20 && Peek() != '"') at_ += Peek() == '\\' ? 2 : 1;
    return Eat('"');
  }
  bool Number() {
    const size_t begin = at_;
    if (Peek() == '-') ++at_;
    while (std::isdigit(Peek()) || Peek() == '.') ++at_;
    return at_ > begin && std::isdigit(text_[at_ - 1]);
  }

  std::string_view text_;
  size_t at_ = 0;
};

TEST(JsonReaderTest, AcceptsJson) {
  EXPECT_TRUE(JsonReader("{\"a\":[1,-2.5,\"x\\\"y\"],\"b\":{}}").Valid());
  EXPECT_TRUE(JsonReader(" [ ] ").Valid());
}

using Mistake = testing::Named<std::string_view>;
class JsonReaderPlantedTest : public ::testing::TestWithParam<Mistake> {};
INSTANTIATE_TEST_SUITE_P(
    EachMistake, JsonReaderPlantedTest,
    ::testing::Values(
        Mistake{"CommaBeforeTheEnd", "{\"a\":[1,]}"},
        Mistake{"CommaBeforeTheBrace", "{\"a\":1,}"},
        Mistake{"NotANumber", "{\"a\":nan}"},
        Mistake{"NoDigitAfterThePoint", "{\"a\":1.}"},
        Mistake{"NoDigitAfterTheSign", "{\"a\":-}"},
        Mistake{"CutOff", "{\"a\":1"}, Mistake{"NoColon", "{\"a\" 1}"},
        Mistake{"NoQuotes", "{a:1}"}, Mistake{"MoreBehindIt", "[1] 2"},
        Mistake{"NoComma", "[1 2]"}, Mistake{"ALineEndInAString", "[\"a\nb\"]"},
        Mistake{"AStringWithoutEnd", "[\"a]"}, Mistake{"Nothing", ""}),
    testing::kByName);

TEST_P(JsonReaderPlantedTest, IsRefused) {
  EXPECT_FALSE(JsonReader(GetParam().value).Valid());
}

TEST(ChromeTraceTest, IsJsonWithAndWithoutEvents) {
  const TscClock clock;
  EXPECT_TRUE(JsonReader(ToChromeTrace({}, clock)).Valid());
  FlightRing ring(64);
  for (int i = 1; i < static_cast<int>(Event::kCount); ++i) {
    ring.Record(static_cast<Event>(i), i - 2, static_cast<uint64_t>(i), 9);
  }
  const std::string trace = ToChromeTrace({{4, 1234, ring.Decode()}}, clock);
  EXPECT_TRUE(JsonReader(trace).Valid()) << trace;
  EXPECT_NE(trace.find("M4 (thread 1234)"), std::string::npos);
}

TEST(ChromeTraceTest, ARunAndItsEndMakeASpan) {
  const TscClock clock;
  FlightRing ring(64);
  ring.Record(Event::kRun, 2, 42, 0);
  ring.Record(Event::kPark, 2, 42, 0);
  const std::string trace = ToChromeTrace({{0, 1, ring.Decode()}}, clock);
  EXPECT_NE(trace.find("\"ph\":\"X\",\"name\":\"G42\""), std::string::npos);
  EXPECT_NE(trace.find("\"end\":\"park\""), std::string::npos);
}

TEST(ChromeTraceTest, AnEndWithoutItsBeginningMakesNoSpan) {
  const TscClock clock;
  FlightRing ring(64);
  ring.Record(Event::kFinish, 2, 42, 0);
  const std::string trace = ToChromeTrace({{0, 1, ring.Decode()}}, clock);
  EXPECT_EQ(trace.find("\"ph\":\"X\""), std::string::npos);
}

TEST(SchedulerRecorderTest, IsOffUntilItIsTurnedOn) {
  Options options = testing::Unrescued(1);
  options.flight_recorder_events = 1024;
  auto s = testing::Start(options);
  ASSERT_TRUE(s->Spawn([] {}).ok());
  ASSERT_TRUE(s->Drain().ok());
  EXPECT_EQ(s->DumpFlightRecorder().find("\"finish\""), std::string::npos);
  s->EnableFlightRecorder(true);
  ASSERT_TRUE(s->Spawn([] {}).ok());
  ASSERT_TRUE(s->Drain().ok());
  const std::string trace = s->DumpFlightRecorder();
  EXPECT_TRUE(JsonReader(trace).Valid());
  EXPECT_NE(trace.find("\"finish\""), std::string::npos);
}

TEST(SchedulerRecorderTest, MayBeDumpedWhileTheSchedulerWorks) {
  Options options = testing::Rescued(2);
  options.flight_recorder_events = 256;
  auto s = testing::Start(options);
  s->EnableFlightRecorder(true);
  std::atomic<bool> done{false};
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                   while (!done.load()) co_await Yield();
                 }).ok());
  }
  for (int round = 0; round < testing::Rounds(50); ++round) {
    ASSERT_TRUE(JsonReader(s->DumpFlightRecorder()).Valid());
  }
  done.store(true);
  EXPECT_TRUE(s->Drain().ok());
}

}  // namespace
}  // namespace reveille::internal
