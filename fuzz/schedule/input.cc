#include "fuzz/schedule/input.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace reveille::fuzz {
namespace {

using explore::Departure;
using explore::Focus;
using explore::Plan;
using explore::PlanBase;

constexpr size_t kSeedBytes = 4;
// The first byte of a plan: its base, how many objects are in focus, and a bit.
constexpr int kBaseBits = 4;
constexpr int kOnlyMeetings = 0x80;
constexpr size_t kDepartureBytes = 5;

constexpr const char* kBases[] = {"stay",
                                  "walk",
                                  "lazy walk",
                                  "priorities",
                                  "operations",
                                  "focus, priorities",
                                  "focus, operations"};
static_assert(std::size(kBases) == explore::kPlanBases);
constexpr const char* kWhats[] = {"switch", "hold", "lower", "option",
                                  "reseed"};
static_assert(std::size(kWhats) == Departure::kWhats);

Departure DecodeDeparture(const uint8_t* bytes) {
  Departure departure;
  departure.thread = bytes[0] % (explore::kMaxThreads + 1);
  departure.number = static_cast<uint16_t>(bytes[1] | bytes[2] << 8);
  departure.what = static_cast<Departure::What>(bytes[3] % Departure::kWhats);
  departure.value = bytes[4];
  return departure;
}

// Takes bytes from the front; zeros when there are no more.
uint8_t Take(const uint8_t* bytes, size_t size, size_t* at) {
  return *at < size ? bytes[(*at)++] : 0;
}

Focus DecodeFocus(const uint8_t* bytes, size_t size, int count, size_t* at) {
  Focus focus;
  for (int i = 0; i < count; ++i) {
    const uint8_t low = Take(bytes, size, at);
    const uint8_t high = Take(bytes, size, at);
    focus.objects[i] = static_cast<uint16_t>(low | high << 8);
  }
  focus.count = count;
  if (count == 0) return focus;
  for (uint8_t& left : focus.left) left = Take(bytes, size, at);
  return focus;
}

Plan DecodePlan(const uint8_t* bytes, size_t size) {
  Plan plan;
  size_t at = 0;
  const uint8_t head = Take(bytes, size, &at);
  plan.base = static_cast<PlanBase>((head & ((1 << kBaseBits) - 1)) %
                                    explore::kPlanBases);
  plan.only_meetings = (head & kOnlyMeetings) != 0;
  for (size_t i = 0; i < kSeedBytes; ++i) {
    plan.seed |= uint32_t{Take(bytes, size, &at)} << (8 * i);
  }
  if (plan.only_meetings) {
    for (uint8_t& byte : plan.known.bits) byte = Take(bytes, size, &at);
  }
  if (HasFocus(plan.base)) {
    const int count = (head >> kBaseBits) % (Focus::kMostObjects + 1);
    plan.focus = DecodeFocus(bytes, size, count, &at);
  }
  while (plan.count < Plan::kMostDepartures && size - at >= kDepartureBytes) {
    plan.departures[plan.count++] = DecodeDeparture(bytes + at);
    at += kDepartureBytes;
  }
  return plan;
}

void EncodePlan(const Plan& plan, std::vector<uint8_t>* bytes) {
  const Focus focus = HasFocus(plan.base) ? plan.focus : Focus();
  bytes->push_back(static_cast<uint8_t>(
      static_cast<int>(plan.base) | focus.count << kBaseBits |
      (plan.only_meetings ? kOnlyMeetings : 0)));
  for (size_t i = 0; i < kSeedBytes; ++i) {
    bytes->push_back(static_cast<uint8_t>(plan.seed >> (8 * i)));
  }
  if (plan.only_meetings) {
    bytes->insert(bytes->end(), std::begin(plan.known.bits),
                  std::end(plan.known.bits));
  }
  for (int i = 0; i < focus.count; ++i) {
    bytes->push_back(static_cast<uint8_t>(focus.objects[i]));
    bytes->push_back(static_cast<uint8_t>(focus.objects[i] >> 8));
  }
  if (focus.count > 0) {
    bytes->insert(bytes->end(), std::begin(focus.left), std::end(focus.left));
  }
  for (int i = 0; i < plan.count; ++i) {
    const Departure& departure = plan.departures[i];
    bytes->insert(bytes->end(),
                  {departure.thread, static_cast<uint8_t>(departure.number),
                   static_cast<uint8_t>(departure.number >> 8),
                   static_cast<uint8_t>(departure.what), departure.value});
  }
}

}  // namespace

bool operator==(const Input& a, const Input& b) {
  return EncodeInput(a) == EncodeInput(b);
}

Input DecodeInput(const uint8_t* bytes, size_t size) {
  size_t used = 0;
  Input input;
  input.program = DecodeProgram(bytes, size, &used);
  input.plan = DecodePlan(bytes + used, size - used);
  return input;
}

std::vector<uint8_t> EncodeInput(const Input& input) {
  std::vector<uint8_t> bytes;
  EncodeProgram(input.program, &bytes);
  EncodePlan(input.plan, &bytes);
  return bytes;
}

size_t LongestInput() {
  Input input;
  input.program.ops.resize(Program::kMostOps);
  input.plan.base = PlanBase::kFocusOperations;
  input.plan.only_meetings = true;
  input.plan.focus.count = Focus::kMostObjects;
  input.plan.count = Plan::kMostDepartures;
  return EncodeInput(input).size();
}

std::string ToText(const Input& input) {
  const Plan& plan = input.plan;
  std::string text = ToText(input.program);
  absl::StrAppend(&text, "schedule ", kBases[static_cast<int>(plan.base)],
                  plan.only_meetings ? ", only meetings" : "", ", seed ",
                  plan.seed, "\n");
  for (int i = 0; i < plan.focus.count; ++i) {
    absl::StrAppend(&text, "in focus: object ", plan.focus.objects[i], "\n");
  }
  for (int i = 0; i < plan.count; ++i) {
    const Departure& departure = plan.departures[i];
    absl::StrAppend(&text, "thread ", departure.thread, " from operation ",
                    departure.number, ": ",
                    kWhats[static_cast<int>(departure.what)], " ",
                    departure.value, "\n");
  }
  return text;
}

}  // namespace reveille::fuzz
