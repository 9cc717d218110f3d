// schedule_fuzz: bytes decide what is done to a pool, and under which schedule.
//
// What is wrong ends the process, after one line that says what it is. Options
// of its own begin with two dashes, which libFuzzer leaves alone:
//   --feedback=rf,pairs,state   what is learnt from besides edges; or none,
//                               which is usual
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "fuzz/schedule/execution.h"
#include "fuzz/schedule/feedback.h"
#include "fuzz/schedule/mutator.h"
#include "sanitizers/explore/trial.h"

namespace reveille::fuzz {
namespace {

constexpr int kBadUsage = 2;

// By a signal that the lens passes on to the fuzzing engine, unlike abort()'s.
[[noreturn]] void Die(const explore::Outcome& outcome) {
  std::fprintf(stderr,
               "schedule_fuzz: %s: %s (reveille replay FILE tells the story of "
               "the input, reveille shrink FILE makes it smaller)\n",
               explore::NameOf(outcome.verdict), outcome.message);
  std::fflush(stderr);
  __builtin_trap();
}

size_t Put(const Input& input, uint8_t* data, size_t most) {
  const std::vector<uint8_t> bytes = EncodeInput(input);
  if (bytes.size() > most) return 0;
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

// The engine is asked for a smaller input only: -minimize_crash=1, which starts
// us again with a flag of its own.
bool g_shrinks = false;

// Always of the input that there was first: what the engine hands on is a
// mixture of inputs that did not show it.
size_t Smaller(const uint8_t* data, size_t size, uint8_t* to, size_t most,
               unsigned seed) {
  static const Input whole = DecodeInput(data, size);
  Input input = whole;
  Mutator(seed, nullptr).Shrink(&input);
  return Put(input, to, most);
}

// A turn lasts as long as the engine goes on from what it was given last: its
// mutate_depth.
size_t Next(const uint8_t* data, size_t size, const Input* other, uint8_t* to,
            size_t most, unsigned seed) {
  static std::vector<uint8_t> last;
  Input input = DecodeInput(data, size);
  Mutator mutator(seed, LastPlanned());
  if (std::equal(last.begin(), last.end(), data, data + size)) {
    mutator.GoOn(&input, other);
  } else {
    mutator.BeginTurn(&input, other);
  }
  const size_t made = Put(input, to, most);
  last.assign(to, to + made);
  return made;
}

}  // namespace
}  // namespace reveille::fuzz

using namespace reveille;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  absl::string_view feedback = fuzz::kUsualFeedback;
  for (int i = 1; i < *argc; ++i) {
    absl::string_view argument = (*argv)[i];
    if (absl::ConsumePrefix(&argument, "--feedback=")) feedback = argument;
    if (absl::StartsWith(argument, "-minimize_crash")) fuzz::g_shrinks = true;
  }
  const absl::Status status = fuzz::SetFeedback(feedback);
  if (!status.ok()) {
    std::fprintf(stderr, "schedule_fuzz: %s\n",
                 std::string(status.message()).c_str());
    std::exit(fuzz::kBadUsage);
  }
  explore::PrepareZygote();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const explore::Outcome& outcome =
      fuzz::Execute(fuzz::DecodeInput(data, size));
  fuzz::CoarsenFeedback();
  switch (explore::ClassOf(outcome.verdict)) {
    case explore::VerdictClass::kNoFinding:
      return 0;
    case explore::VerdictClass::kLensLimit:
    case explore::VerdictClass::kFinding:
    case explore::VerdictClass::kLensError:
      fuzz::Die(outcome);
  }
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned seed) {
  if (fuzz::g_shrinks) return fuzz::Smaller(data, size, data, max_size, seed);
  return fuzz::Next(data, size, nullptr, data, max_size, seed);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1,
                                            const uint8_t* data2, size_t size2,
                                            uint8_t* out, size_t max_out_size,
                                            unsigned seed) {
  const fuzz::Input other = fuzz::DecodeInput(data2, size2);
  return fuzz::Next(data1, size1, &other, out, max_out_size, seed);
}
