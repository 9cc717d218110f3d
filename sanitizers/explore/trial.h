// One execution in a process of its own, and what came of it.
#ifndef REVEILLE_SANITIZERS_EXPLORE_TRIAL_H_
#define REVEILLE_SANITIZERS_EXPLORE_TRIAL_H_

#include "buffer.h"
#include "execution_limits.h"
#include "explore.h"
#include "strategies/directed.h"

namespace reveille::explore {

// The code under test.
struct Program {
  BodyFunction body;
  void* argument;
  int silence_seconds;  // a thread may be invisible for so long
};

inline constexpr size_t kMostDirectives = size_t{1} << 20;

// What an execution left behind. Lives in memory shared by the processes.
struct Remains {
  bool ended = false;      // the process got as far as writing the rest
  bool exhausted = false;  // Search() only: the strategy had nothing left
  Outcome outcome;
  Outcome second;  // of the repetition in the same process, if asked for
  uint64_t departures = 0;
  size_t choice_count = 0;
  size_t directive_count = 0;
  // The arrays follow; see Trial.
};

class Trial {
 public:
  explicit Trial(const Program& program);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  enum class Repeat { kOnce, kTwice };

  // Follows choices to the letter. False: the process died or hung.
  bool Follow(const Choice* choices, size_t count,
              const ExecutionLimits& limits, Repeat repeat = Repeat::kOnce);
  // Follows directives.
  bool Obey(const Directive* directives, size_t count,
            const ExecutionLimits& limits);

  // Once under any strategy, which begins with key 0.
  bool Run(Strategy* strategy, const ExecutionLimits& limits, Repeat repeat);

  // Executes under `strategy`, in one process, until an outcome has this
  // verdict and cause (true), or the strategy or the time is used up.
  bool Search(Strategy* strategy, const ExecutionLimits& limits,
              Verdict verdict, uint64_t cause, double seconds);

  const Remains& remains() const { return *remains_; }
  const Choice* choices() const { return choices_; }
  const Directive* directives() const { return directives_; }

 private:
  void Child(Strategy* strategy, const ExecutionLimits& limits, Repeat repeat);
  void SearchInChild(Strategy* strategy, const ExecutionLimits& limits,
                     Verdict verdict, uint64_t cause, double seconds);
  void Leave(const Outcome& outcome, const Buffer<Directive>& directives);

  Program program_;
  Remains* remains_;
  Choice* choices_;
  Directive* directives_;
};

// Memory that forked processes share with this one, zeroed; never freed
// except by UnshareMemory.
void* ShareMemory(size_t bytes);
void UnshareMemory(void* memory, size_t bytes);

// Everything that must happen in the zygote before the first fork.
void PrepareZygote();

// Forks a process that calls work(argument) and ends. Its id.
int ForkChild(void (*work)(void*), void* argument);

// Waits for the child; kills it after `seconds`. True: it ended by itself with
// status 0.
bool Await(int child, double seconds);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_TRIAL_H_
