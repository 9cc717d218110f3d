// A search: many executions, several processes, and findings that hold.
//
// The calling process is the zygote: it never executes the code under test
// itself, but forks processes that do. Executions that end cleanly share a
// process; after a finding the process is thrown away. Before a finding is
// reported it has been repeated in fresh processes, with the same sequence of
// visible operations, and shrunk. One that comes again only with all that its
// process had executed before it is reported as such. Call from one thread,
// outside executions.
#ifndef REVEILLE_SANITIZERS_EXPLORE_CAMPAIGN_H_
#define REVEILLE_SANITIZERS_EXPLORE_CAMPAIGN_H_

#include "explore.h"

namespace reveille::explore {

struct Report;

struct Config {
  const char* strategy = "portfolio";  // see strategy.h
  StrategyLimits strategy_limits;
  ExecutionLimits limits;
  uint64_t seed = 1;
  uint64_t executions = 100000;
  double seconds = 0;          // stop after this much real time; 0: no limit
  double cpu_seconds = 0;      // the same of processor time, over all jobs;
                               // what it takes on a busy machine is no more
  int jobs = 1;                // processes that explore at the same time
  uint64_t unit = 4096;        // executions that share what a strategy learns;
                               // units are the same however many jobs there are
  int most_findings = 1;       // stop after so many different ones
  double shrink_seconds = 20;  // for each finding; 0: do not shrink
  int silence_seconds = 10;    // a thread may be invisible for so long
  const char* out = nullptr;   // where finding-<signature>/ goes; null: nowhere
  const char* label = "";      // one line that lets the embedding program find
                               // body and argument again; kept in schedules
  const char* command = "";  // printf format, %s becomes the finding's folder:
                             // how a person repeats it
  // Called about once a second with how far the search has come.
  void (*on_progress)(const Report& so_far) = nullptr;
  // When not null: becomes true, for instance in a signal handler, when the
  // search is to stop now. What was found until then is reported.
  const volatile bool* stop = nullptr;
};

struct Finding {
  Verdict verdict = Verdict::kClean;
  char message[512] = {};
  char signature[17] = {};
  char folder[512] = {};   // empty: not written
  uint64_t hash = 0;       // of the shrunk schedule
  uint64_t execution = 0;  // its number in the seed's order
  double seconds = 0;      // from the beginning of the search to it
  double cpu_seconds = 0;  // of processor time, in the job that found it
  uint64_t original_choices = 0;
  uint64_t choices = 0;  // after shrinking
  int preemptions = 0;   // after shrinking: it takes so many
  bool fewest = false;   // and no schedule takes fewer: all were tried
  uint64_t occurrences = 0;
  bool restartable = false;  // repeats in one process, too
  // It comes only after the executions before it, again and again: the program
  // keeps state between them that is not restored. No schedule repeats it, and
  // there is no folder; the same search does.
  bool needs_past = false;
};

struct Report {
  uint64_t executions = 0;
  uint64_t steps = 0;
  uint64_t longest = 0;   // steps of the longest execution
  uint64_t distinct = 0;  // different interleavings, estimated
  uint64_t starved = 0;   // ended only under the fair schedule
  double seconds = 0;
  double cpu_seconds = 0;  // of the searching processes
  int finding_count = 0;
  static constexpr int kMostFindings = 16;
  Finding findings[kMostFindings];
  char completeness[160] = {};  // of an exhaustive search
  char lens_error[512] = {};    // not empty: do not trust the rest

  // The exit code that a command line should end with.
  // 0: clean. 1: a finding. 3: the code under test does what the lens does not
  // model, so nothing is known. 4: the lens cannot be trusted here.
  int exit_code() const {
    if (lens_error[0] != 0) return 4;
    int code = 0;
    for (int i = 0; i < finding_count; ++i) {
      if (ClassOf(findings[i].verdict) == VerdictClass::kFinding) return 1;
      code = 3;
    }
    return code;
  }
};

// An oracle set with SetOracle() is asked in the processes that explore.
Report Run(const Config& config, BodyFunction body, void* argument);

// Repeats a schedule file made by this program, in a process of its own. When
// `out` is not null, story, trace and verdict are written there. False with
// one clear line in *error when the file is no schedule of this program;
// otherwise *outcome says what happened and *same whether it was what the file
// says, operation by operation.
class Text;
bool ReplayFile(const char* path, BodyFunction body, void* argument,
                const char* out, Outcome* outcome, bool* same, Text* error);

// Follows a schedule file made by any build, as far as its choices fit this
// one, and goes on by default where they do not; *departures counts how often.
// For findings that were mended and shall never come back. False as above.
bool FollowFile(const char* path, BodyFunction body, void* argument,
                Outcome* outcome, size_t* departures, Text* error);

// As ReplayFile, but in this process and stopping where the verdict falls, by
// SIGTRAP: for a debugger.
bool DebugFile(const char* path, BodyFunction body, void* argument,
               Text* error);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_CAMPAIGN_H_
