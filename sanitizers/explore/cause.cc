#include "cause.h"

#include "execution.h"
#include "random.h"

namespace reveille::explore {
namespace {

constexpr uint32_t kCallers = 3;

uint64_t PlaceOf(const Fiber& fiber) {
  const PendingEvent& event = PendingOf(&fiber);
  uint64_t digest = Scatter(event.pc ^ static_cast<uint64_t>(event.kind));
  for (uint32_t i = 0; i < kCallers && i < fiber.shadow_depth; ++i) {
    const uint32_t depth = fiber.shadow_depth - 1 - i;
    digest = Scatter(digest ^ fiber.shadow[depth % kShadowFrames]);
  }
  return digest;
}

// Which thread stands where does not matter, and neither does how many do.
uint64_t PlacesOf(uint64_t threads) {
  uint64_t digests[kMaxThreads];
  int count = 0;
  uint64_t all = 0;
  for (; threads != 0; threads &= threads - 1) {
    const uint64_t digest =
        PlaceOf(g_execution.fibers[__builtin_ctzll(threads)]);
    bool known = false;
    for (int i = 0; i < count; ++i) known = known || digests[i] == digest;
    if (known) continue;
    digests[count++] = digest;
    all += digest;
  }
  return all;
}

uint64_t DigestOf(const char* message) {
  uint64_t digest = 0;
  for (; *message != 0; ++message) {
    // Numbers vary with thread and task.
    if (*message >= '0' && *message <= '9') continue;
    digest = Scatter(digest ^ static_cast<unsigned char>(*message));
  }
  return digest;
}

}  // namespace

uint64_t CauseOfCurrentOutcome() {
  const Execution& x = g_execution;
  const Outcome& outcome = x.outcome;
  const uint64_t verdict = Scatter(static_cast<uint64_t>(outcome.verdict));
  switch (outcome.verdict) {
    case Verdict::kDeadlock:
    case Verdict::kPartialDeadlock:
      return verdict ^ PlacesOf(x.alive);
    case Verdict::kCrash:
      return verdict ^ PlacesOf(uint64_t{1} << outcome.thread);
    case Verdict::kIdleWorker:
    case Verdict::kRescued:
    case Verdict::kLivelock:
    case Verdict::kStepLimit:
      return verdict;
    default:
      return verdict ^ DigestOf(outcome.message);
  }
}

}  // namespace reveille::explore
