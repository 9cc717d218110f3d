#include "fuzz/api/script.h"

namespace reveille::fuzz {
namespace {

void Spoil(Obstacle obstacle, bool upwards, Options* options) {
  switch (obstacle) {
    case Obstacle::kProcs:
      options->procs = upwards ? Options::kMaxProcs + 1 : -1;
      break;
    case Obstacle::kMaxThreads:
      options->max_threads = upwards ? Options::kMaxThreads + 1 : 0;
      break;
    case Obstacle::kIdleLimit:
      options->idle_work_limit = upwards ? Options::kMaxProcs + 1 : -1;
      break;
    case Obstacle::kSpinRounds:
      options->spin_rounds = upwards ? Options::kMaxSpinRounds + 1 : -1;
      break;
    case Obstacle::kFlightEvents:
      options->flight_recorder_events =
          upwards ? 2 * Options::kMaxFlightEvents : 3;
      break;
    default:
      break;
  }
}

Options DecodeOptions(Input* in) {
  constexpr int kThreads[] = {1024, 1, 2, 3};
  constexpr int kRounds[] = {0, Options::kDefaultSpinRounds, 1, 1000};
  Options options;
  const uint8_t head = in->Byte();
  options.procs = 1 + head % 4;
  options.max_threads = kThreads[(head >> 2) % 4];
  options.spin_rounds = kRounds[(head >> 4) % 4];
  const bool rescuers = (head & 0x40) != 0;
  options.sysmon_netpoll = rescuers;
  options.sysmon_retake = rescuers;
  options.sysmon_preempt = rescuers;
  options.flight_recorder_events = (head & 0x80) != 0 ? 64 : 0;
  return options;
}

Step DecodeStep(Input* in) {
  Step step;
  step.verb = static_cast<Verb>(in->Below(kVerbs));
  const uint8_t how = in->Byte();
  step.which = how & 3;
  step.variant = (how >> 2) & 7;
  step.patience = (how >> 5) & 7;
  return step;
}

// The byte after Verb::kPart, as DecodeStep() has read it.
Part PartOf(const Step& step) {
  Part part;
  part.coroutine = (step.which & 1) != 0;
  part.joinable = (step.which & 2) != 0;
  part.named = (step.variant & 1) != 0;
  part.idle_priority = (step.variant & 2) != 0;
  part.batched = (step.variant & 4) != 0;
  part.inside = (step.patience & 1) != 0;
  part.by_main = (step.patience & 6) == 6;
  return part;
}

}  // namespace

Script DecodeScript(Input* in) {
  Script script;
  script.options = DecodeOptions(in);
  const uint8_t end = in->Byte();
  script.ending = static_cast<Ending>(end & 7);
  script.threads_run_out = (end & 0x18) == 0x18;
  script.drops_last_batch = (end & 0x20) != 0;
  // Most scripts are about what happens afterwards.
  const uint8_t obstacle = in->Byte();
  if (obstacle >= 0x80) {
    script.obstacle = static_cast<Obstacle>((obstacle & 0x3f) % kObstacles);
    Spoil(script.obstacle, (obstacle & 0x40) != 0, &script.options);
  } else if (obstacle == 1) {
    script.options.procs = 0;  // As many as there are processors.
  } else if (obstacle == 2) {
    script.options.idle_work_limit = 2;
  }
  for (size_t steps = 0; !in->Empty() && steps < Script::kMostSteps; ++steps) {
    const Step step = DecodeStep(in);
    if (step.verb == Verb::kPart || script.parts.empty()) {
      if (script.parts.size() == Script::kMostParts) break;
      script.parts.push_back(PartOf(step));
      if (step.verb == Verb::kPart) continue;
    }
    script.parts.back().steps.push_back(step);
  }
  return script;
}

}  // namespace reveille::fuzz
