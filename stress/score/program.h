// Program: another program at work for the score, from our side. It leads a
// process group of its own, so that one signal reaches all that it started and
// a Control-C on the terminal reaches only us.
#ifndef REVEILLE_STRESS_SCORE_PROGRAM_H_
#define REVEILLE_STRESS_SCORE_PROGRAM_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace reveille::stress {

int64_t MonotonicMs();

// After `ms` a program is killed; once it has used `cpu_ms` of processor time,
// unless that is 0, it is asked to end.
struct ProgramLimits {
  int64_t ms;
  int64_t cpu_ms = 0;
};

class Program {
 public:
  // Its standard output and error go to the file `output`.
  static absl::StatusOr<std::unique_ptr<Program>> Start(
      const std::vector<std::string>& words, const std::string& output,
      ProgramLimits limits);
  ~Program();  // Kills it and what it started.
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  bool HasEnded();  // Reaps it, or ends it when its time is over.

  // Once it has ended.
  int exit_code() const;      // -1: a signal ended it.
  int ending_signal() const;  // 0: none did.
  int64_t ms() const { return ended_ms_ - began_ms_; }
  // With that of the processes that it waited for.
  double cpu_seconds() const { return cpu_seconds_; }
  // "exit 2: last line that it said", or how else it ended.
  std::string HowItEnded() const;

 private:
  Program() = default;
  int64_t CpuMsSoFar() const;

  pid_t pid_ = 0;
  bool ended_ = false;
  bool overstayed_ = false;
  bool asked_ = false;
  int wait_status_ = 0;
  double cpu_seconds_ = 0;
  ProgramLimits limits_{};
  int64_t began_ms_ = 0;
  int64_t ended_ms_ = 0;
  std::string output_;
};

// Runs it to its end; its standard output, if it ended with 0.
absl::StatusOr<std::string> OutputOf(const std::vector<std::string>& words);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_PROGRAM_H_
