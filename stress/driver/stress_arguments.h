// The command line of `reveille stress`: which options there are, and what they
// come to.
#ifndef REVEILLE_STRESS_DRIVER_STRESS_ARGUMENTS_H_
#define REVEILLE_STRESS_DRIVER_STRESS_ARGUMENTS_H_

#include <string>

#include "CLI/CLI.hpp"
#include "stress/driver/stress_options.h"

namespace reveille::stress {

struct StressArguments {
  StressOptions options;
  std::string rescuers = "on";
  std::string flight_recorder = "on";
  std::string watchdog = "on";
};

void AddStressArguments(CLI::App* command, StressArguments* arguments);
// Once they are parsed: what was given as words, into `options`.
void Translate(StressArguments* arguments);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_STRESS_ARGUMENTS_H_
