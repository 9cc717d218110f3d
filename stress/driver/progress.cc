#include "stress/driver/progress.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace reveille::stress {
namespace {

bool IsSet(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool WantsColor(bool json) {
  if (IsSet("NO_COLOR")) return false;
  return IsSet("CLICOLOR_FORCE") ||
         isatty(json ? STDERR_FILENO : STDOUT_FILENO);
}

std::string Human(double n) {
  if (n >= 1e9) return absl::StrFormat("%.1fG", n / 1e9);
  if (n >= 1e6) return absl::StrFormat("%.1fM", n / 1e6);
  if (n >= 1e4) return absl::StrFormat("%.0fk", n / 1e3);
  return absl::StrFormat("%.0f", n);
}

}  // namespace

Progress::Progress(bool json)
    : json_(json),
      terminal_(isatty(STDERR_FILENO) != 0),
      color_(WantsColor(json)) {}

std::string Progress::Render(const ProgressState& s) const {
  const double left_s = s.total_s > s.elapsed_s ? s.total_s - s.elapsed_s : 0;
  return absl::StrFormat(
      "%.0fs, %.0fs left  %s: %s rounds, %s tasks (%s/s), %d findings",
      s.elapsed_s, left_s, s.what, Human(static_cast<double>(s.rounds)),
      Human(static_cast<double>(s.tasks)), Human(rate_), s.findings);
}

void Progress::Tick(const ProgressState& s) {
  if (!IsTime(s.elapsed_s)) return;
  rate_ =
      static_cast<double>(s.tasks - shown_tasks_) / (shown_at_s_ - before_s_);
  shown_tasks_ = s.tasks;
  Show(Render(s));
}

bool Progress::IsTime(double elapsed_s) {
  constexpr double kTerminalPeriodS = 0.2, kPlainPeriodS = 5;
  const double since_s = elapsed_s - shown_at_s_;
  if (since_s < (terminal_ ? kTerminalPeriodS : kPlainPeriodS)) return false;
  before_s_ = shown_at_s_;
  shown_at_s_ = elapsed_s;
  return true;
}

void Progress::Show(absl::string_view line) {
  const int size = static_cast<int>(line.size());
  if (terminal_) {
    std::fprintf(stderr, "\r\033[K%.*s", size, line.data());
    line_open_ = true;
  } else {
    std::fprintf(stderr, "%.*s\n", size, line.data());
  }
  std::fflush(stderr);
}

void Progress::Clear() {
  if (line_open_) std::fprintf(stderr, "\r\033[K");
  std::fflush(stderr);
  line_open_ = false;
}

void Progress::Say(absl::string_view line) {
  Clear();
  FILE* out = json_ ? stderr : stdout;
  std::fprintf(out, "%.*s\n", static_cast<int>(line.size()), line.data());
  std::fflush(out);
}

void Progress::Shout(absl::string_view line) {
  Say(color_ ? absl::StrCat("\033[1;31m", line, "\033[0m") : std::string(line));
}

void Progress::Json(absl::string_view line) {
  if (!json_) return;
  Clear();
  std::fprintf(stdout, "%.*s\n", static_cast<int>(line.size()), line.data());
  std::fflush(stdout);
}

}  // namespace reveille::stress
