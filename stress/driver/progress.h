// What a person sees while the driver works: one line that changes on a
// terminal, a plain line every few seconds elsewhere. Goes to standard error;
// what was found goes to standard output, unless that is taken by JSON.
#ifndef REVEILLE_STRESS_DRIVER_PROGRESS_H_
#define REVEILLE_STRESS_DRIVER_PROGRESS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace reveille::stress {

struct ProgressState {
  std::string what;  // Scenario and number of Ps.
  double elapsed_s = 0;
  double total_s = 0;
  uint64_t rounds = 0;
  uint64_t tasks = 0;
  uint64_t findings = 0;
};

class Progress {
 public:
  // Looks at the terminal and at NO_COLOR and CLICOLOR_FORCE.
  explicit Progress(bool json);

  // Call it often; it shows something when it is time to.
  void Tick(const ProgressState& state);
  // Its parts, for those that have other things to show: whether it is time to,
  // and a line that goes away on a terminal.
  bool IsTime(double elapsed_s);
  void Show(absl::string_view line);
  // A line that stays, for people: standard output, or standard error beside
  // JSON.
  void Say(absl::string_view line);
  // The same for what was found.
  void Shout(absl::string_view line);
  // A result line for programs.
  void Json(absl::string_view line);
  void Clear();

 private:
  std::string Render(const ProgressState& state) const;

  const bool json_;
  const bool terminal_;
  const bool color_;
  double shown_at_s_ = 0;
  double before_s_ = 0;  // The time before that.
  uint64_t shown_tasks_ = 0;
  double rate_ = 0;
  bool line_open_ = false;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_PROGRESS_H_
