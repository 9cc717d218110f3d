#include "fuzz/schedule/input.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace reveille::fuzz {
namespace {

using explore::Departure;
using explore::Plan;
using explore::PlanBase;

constexpr size_t kSeedBytes = 4;
constexpr size_t kDepartureBytes = 5;

constexpr const char* kBases[] = {"stay", "walk", "lazy walk", "priorities",
                                  "operations"};
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

Plan DecodePlan(const uint8_t* bytes, size_t size) {
  Plan plan;
  if (size == 0) return plan;
  plan.base = static_cast<PlanBase>(bytes[0] % explore::kPlanBases);
  size_t at = 1;
  for (size_t i = 0; i < kSeedBytes && at < size; ++i) {
    plan.seed |= uint32_t{bytes[at++]} << (8 * i);
  }
  while (plan.count < Plan::kMostDepartures && size - at >= kDepartureBytes) {
    plan.departures[plan.count++] = DecodeDeparture(bytes + at);
    at += kDepartureBytes;
  }
  return plan;
}

void EncodePlan(const Plan& plan, std::vector<uint8_t>* bytes) {
  bytes->push_back(static_cast<uint8_t>(plan.base));
  for (size_t i = 0; i < kSeedBytes; ++i) {
    bytes->push_back(static_cast<uint8_t>(plan.seed >> (8 * i)));
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
  return a.program == b.program && a.plan.base == b.plan.base &&
         a.plan.seed == b.plan.seed &&
         std::equal(a.plan.departures, a.plan.departures + a.plan.count,
                    b.plan.departures, b.plan.departures + b.plan.count);
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
  input.plan.count = Plan::kMostDepartures;
  return EncodeInput(input).size();
}

std::string ToText(const Input& input) {
  const Plan& plan = input.plan;
  std::string text = ToText(input.program);
  absl::StrAppend(&text, "schedule ", kBases[static_cast<int>(plan.base)],
                  ", seed ", plan.seed, "\n");
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
