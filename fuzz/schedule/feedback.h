// Feedback: what libFuzzer learns about interleavings, besides the edges of the
// code. Three kinds, each of which can be switched off to see what it is worth.
#ifndef REVEILLE_FUZZ_SCHEDULE_FEEDBACK_H_
#define REVEILLE_FUZZ_SCHEDULE_FEEDBACK_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace reveille::fuzz {

// rf: which place wrote what which place reads. pairs: which places followed
// each other on one object, by different threads. state: which abstract state
// of the scheduler followed which.
inline constexpr const char* kAllFeedback = "rf,pairs,state";
// None of them finds planted bugs sooner than edges alone do (README).
inline constexpr const char* kUsualFeedback = "none";

// Counts those of the list from now on, and nothing else; "" or "none" counts
// nothing. On an error nothing changes.
absl::Status SetFeedback(absl::string_view list);

// After an execution: makes once, several and many times one of all but rf, and
// two of that. Finer steps would make half of all inputs look new.
void CoarsenFeedback();

// All counters, as libFuzzer sees them.
uint8_t* FeedbackCounters();
size_t FeedbackSize();

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_SCHEDULE_FEEDBACK_H_
