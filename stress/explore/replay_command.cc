// `reveille replay`.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "sanitizers/explore/campaign.h"
#include "sanitizers/explore/text.h"
#include "stress/driver/exit_codes.h"
#include "stress/explore/lens_cli.h"

namespace reveille::stress {
namespace {

struct ReplayArguments {
  std::string finding;
  bool fuzz_input = false;
  bool trace = false;
  bool gdb = false;
  bool in_place = false;
  bool any_build = false;
};

void PrintFile(const std::string& path) {
  explore::Text text;
  if (!explore::ReadFile(path.c_str(), &text)) return;
  std::fwrite(text.c_str(), 1, text.size(), stdout);
}

// Repeats it as `gdb ... reveille_explore replay --in-place FINDING`. Where
// nobody can type, the stack is all that is wanted.
absl::Status BecomeGdb(const std::string& finding) {
  std::error_code error;
  const std::string self =
      std::filesystem::read_symlink("/proc/self/exe", error);
  execlp("gdb", "gdb", isatty(STDIN_FILENO) == 1 ? "-q" : "-batch", "-iex",
         "set print thread-events off", "-iex", "set debuginfod enabled off",
         "-ex", "run", "-ex", "backtrace", "--args", self.c_str(), "replay",
         "--in-place", finding.c_str(), nullptr);
  return absl::FailedPreconditionError(
      absl::StrCat("cannot run gdb: ", std::strerror(errno)));
}

absl::Status Replay(const ReplayArguments& a, const std::string& path,
                    ScenarioBody* body, int* exit_code) {
  std::string folder = std::filesystem::temp_directory_path() / "replay-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    return absl::InternalError("cannot make a temporary folder");
  }
  absl::Cleanup remove = [&folder] { std::filesystem::remove_all(folder); };
  explore::Outcome outcome;
  bool same = false;
  explore::Text error(4096);
  if (!explore::ReplayFile(path.c_str(), ScenarioBody::Run, body,
                           folder.c_str(), &outcome, &same, &error)) {
    return absl::InvalidArgumentError(error.c_str());
  }
  PrintFile(folder + (a.trace ? "/trace.json" : "/story.txt"));
  if (!same) {
    return absl::InternalError(
        absl::StrCat("went another way than the schedule says, and ended with ",
                     explore::NameOf(outcome.verdict)));
  }
  std::fprintf(stderr, "reveille replay: %s, the same %llu steps\n",
               explore::NameOf(outcome.verdict),
               static_cast<unsigned long long>(outcome.steps));
  *exit_code = kExitFound;
  return absl::OkStatus();
}

absl::Status Follow(const std::string& path, ScenarioBody* body,
                    int* exit_code) {
  explore::Outcome outcome;
  size_t departures = 0;
  explore::Text error(4096);
  if (!explore::FollowFile(path.c_str(), ScenarioBody::Run, body, &outcome,
                           &departures, &error)) {
    return absl::InvalidArgumentError(error.c_str());
  }
  std::printf("%s %s\n%zu choices of the schedule did not fit this build\n",
              explore::NameOf(outcome.verdict), outcome.message, departures);
  if (outcome.verdict == explore::Verdict::kClean) {
    *exit_code = kExitClean;
  } else {
    const auto kind = explore::ClassOf(outcome.verdict);
    *exit_code =
        kind == explore::VerdictClass::kFinding ? kExitFound : kExitFailed;
  }
  return absl::OkStatus();
}

void RunReplay(LensCli* cli, const ReplayArguments& a) {
  const absl::StatusOr<std::string> schedule =
      cli->ScheduleOf(a.finding, a.fuzz_input);
  if (!schedule.ok()) return cli->Complain("replay", schedule.status());
  const std::string& path = *schedule;
  if (path.empty()) {
    std::printf("clean, there is nothing to tell\n");
    return;
  }
  auto body = cli->BodyOf(path);
  absl::Status status = body.status();
  if (status.ok() && a.any_build) {
    status = Follow(path, body->get(), &cli->exit_code);
    if (!status.ok()) cli->Complain("replay", status);
    return;
  }
  if (status.ok() && a.gdb) status = BecomeGdb(a.finding);
  if (status.ok() && a.in_place) {
    explore::Text error(4096);
    if (explore::DebugFile(path.c_str(), ScenarioBody::Run, body->get(),
                           &error)) {
      return;
    }
    status = absl::InvalidArgumentError(error.c_str());
  }
  if (status.ok()) status = Replay(a, path, body->get(), &cli->exit_code);
  if (!status.ok()) cli->Complain("replay", status);
}

}  // namespace

void AddReplayCommand(LensCli* cli) {
  auto arguments = std::make_shared<ReplayArguments>();
  CLI::App* command = cli->app.add_subcommand(
      "replay", "Repeats a finding, operation by operation, and tells it");
  command->footer(
      "Exit codes: 1 it is the same finding again, 2 bad usage or no schedule "
      "of\nthis build, 3 it went another way.");
  command
      ->add_option("finding", arguments->finding,
                   "Its folder or schedule, or an input of schedule_fuzz")
      ->required();
  command->add_flag("--fuzz-input", arguments->fuzz_input,
                    "It is an input of schedule_fuzz, whatever its bytes");
  command->add_flag("--trace", arguments->trace,
                    "Print every step, as JSON for Perfetto, and no story");
  command->add_flag("--gdb", arguments->gdb,
                    "Under gdb, which stops where the verdict falls");
  command->add_flag("--any-build", arguments->any_build,
                    "As far as it fits this build; exit code 0 if all goes "
                    "well now");
  command->add_flag("--in-place", arguments->in_place)->group("");
  command->callback([cli, arguments] { RunReplay(cli, *arguments); });
}

}  // namespace reveille::stress
