#include "stress/driver/stress_arguments.h"

#include <cstdlib>

namespace reveille::stress {
namespace {

std::string DefaultOut() {
  const char* bazel = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  return bazel != nullptr && *bazel != '\0' ? bazel : "out/stress";
}

void AddWhatToRun(CLI::App* command, StressArguments* a) {
  StressOptions& o = a->options;
  command->add_option("--pool", o.spec.pool, "Pool under test")
      ->capture_default_str();
  command
      ->add_option("--scenario", o.scenarios,
                   "Scenario, or several with commas between them")
      ->delimiter(',');
  command->add_option("--procs", o.procs, "Workers, or a list such as 1,2,4")
      ->delimiter(',')
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command
      ->add_option("--duration", o.duration,
                   "Time for all together: 60s, 5m, 1h30m")
      ->capture_default_str();
  command->add_option("--seed", o.seed,
                      "Root of all seeds; drawn if not given");
  command->add_option("--round", o.round,
                      "Only this round of --scenario, again and again until "
                      "it fails or the time is over");
  command->add_option("--rounds", o.spec.rounds,
                      "At most so many rounds per scenario; 0: no limit");
  command->add_option("--mutant", o.spec.mutant,
                      "Take the driver with this bug planted in pool mpg");
}

void AddDisturbance(CLI::App* command, StressArguments* a) {
  command
      ->add_option("--chaos", a->options.spec.chaos,
                   "all, none, or some of stall,affinity,hogs,nice,eintr")
      ->capture_default_str();
  command
      ->add_option("--rescuers", a->rescuers,
                   "Timed rescuers of the pool (they hide lost wakeups): on or "
                   "off")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  command
      ->add_option("--watchdog", a->watchdog,
                   "Judge of hangs and of idle workers: on or off")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  command
      ->add_option("--flight-recorder", a->flight_recorder,
                   "Events of each thread for findings: on or off")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
}

void AddKnobs(CLI::App* command, ScenarioKnobs* knobs) {
  const auto add = [command](const char* name, int* value, int low, int high,
                             const char* what) {
    command->add_option(name, *value, what)
        ->check(CLI::Range(low, high))
        ->capture_default_str();
  };
  add("--tasks", &knobs->tasks, 1, 1'000'000, "Rough size of a round");
  add("--producers", &knobs->producers, 1, 256,
      "Threads that submit from outside");
  add("--max-batch", &knobs->max_batch, 1, 100'000,
      "Largest burst, or set of descriptors, at once");
  add("--work-ns", &knobs->work_ns, 0, 1'000'000'000,
      "Typical length of a task that computes");
}

void AddOutput(CLI::App* command, StressArguments* a) {
  a->options.spec.out = DefaultOut();
  command->add_option("--out", a->options.spec.out, "Folder for what is found")
      ->capture_default_str();
  command
      ->add_option("--max-findings", a->options.max_findings,
                   "Ends a scenario after so many; 0: no limit")
      ->capture_default_str();
  command
      ->add_option("--patience", a->options.patience,
                   "How long a run may overstay its time before it is killed")
      ->capture_default_str();
  command->add_flag("--json", a->options.json,
                    "Print the result lines to standard output, all else to "
                    "standard error");
}

}  // namespace

void AddStressArguments(CLI::App* command, StressArguments* arguments) {
  AddWhatToRun(command, arguments);
  AddDisturbance(command, arguments);
  AddKnobs(command, &arguments->options.spec.knobs);
  AddOutput(command, arguments);
}

void Translate(StressArguments* arguments) {
  RunSpec& spec = arguments->options.spec;
  spec.rescuers = arguments->rescuers == "on";
  spec.flight_recorder = arguments->flight_recorder == "on";
  spec.watchdog = arguments->watchdog == "on";
}

}  // namespace reveille::stress
