// A schedule as a value: text that can be mailed, diffed, shrunk and replayed.
//
//   reveille-schedule 1
//   program 5be2c1a09f3d7e44
//   label --pool=mpg --scenario=rendezvous
//   verdict deadlock
//   hash 0123456789abcdef
//   limits max-steps=50000 spin-rounds=4096 early-timers=0 spurious=0 plain=0
//   after-rescue=0 choices 9 t1*4 t2 b1 t1 w0 t2 end 9f86d081884c7d65
//
// A choice is the letter of its tag (choice.h) and its value; `*n` repeats it.
// The last line is a checksum over everything before it. The program is named
// by its code: a schedule means nothing to another build.
#ifndef REVEILLE_SANITIZERS_EXPLORE_SCHEDULE_H_
#define REVEILLE_SANITIZERS_EXPLORE_SCHEDULE_H_

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "choice.h"
#include "execution_limits.h"
#include "text.h"

namespace reveille::explore {

struct Schedule {
  uint64_t program = 0;
  uint64_t hash = 0;
  Verdict verdict = Verdict::kClean;
  ExecutionLimits limits;
  char label[512] = {};  // of the embedding program, which knows what it means
  Buffer<Choice> choices{kMostChoices};
};

// Names the code of the running program.
uint64_t ProgramIdentity();

void PrintSchedule(const Schedule& schedule, Text* text);
// Adds the last line: the checksum over all that `text` has from `begin` on.
void SealSchedule(Text* text, size_t begin = 0);

// Any bytes: a schedule, or false and one clear line in *error. The program is
// not compared.
bool ParseSchedule(const char* bytes, size_t size, Schedule* schedule,
                   Text* error);

// Reads a schedule file.
bool LoadScheduleOfAnyBuild(const char* path, Schedule* schedule, Text* error);
// The same, made by this very program.
bool LoadSchedule(const char* path, Schedule* schedule, Text* error);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_SCHEDULE_H_
