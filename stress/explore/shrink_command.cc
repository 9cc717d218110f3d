// `reveille shrink`.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "sanitizers/explore/finding.h"
#include "sanitizers/explore/schedule.h"
#include "sanitizers/explore/shrink.h"
#include "sanitizers/explore/trial.h"
#include "stress/driver/exit_codes.h"
#include "stress/explore/lens_cli.h"

namespace reveille::stress {
namespace {

constexpr int kSilenceSeconds = 10;

struct ShrinkArguments {
  std::string finding;
  bool fuzz_input = false;
  std::string out;
  double seconds = 60;
};

// What the schedule leads to, twice over; the lens must know before it changes
// anything.
struct Confirmed {
  uint64_t cause = 0;
  bool restartable = false;
};

absl::StatusOr<Confirmed> Confirm(const explore::Program& program,
                                  const explore::Schedule& schedule) {
  explore::Trial trial(program);
  const bool lived =
      trial.Follow(schedule.choices.begin(), schedule.choices.size(),
                   schedule.limits, explore::Trial::Repeat::kTwice);
  const explore::Outcome& outcome = trial.remains().outcome;
  if (!lived || outcome.verdict != schedule.verdict ||
      outcome.hash != schedule.hash) {
    return absl::InternalError("the schedule does not lead to its verdict");
  }
  return Confirmed{outcome.cause, trial.remains().second.hash == outcome.hash};
}

absl::Status Shrink(const ShrinkArguments& a, const std::string& path,
                    ScenarioBody* body) {
  explore::Schedule schedule;
  explore::Text error(4096);
  if (!explore::LoadSchedule(path.c_str(), &schedule, &error)) {
    return absl::InvalidArgumentError(error.c_str());
  }
  explore::PrepareZygote();
  const explore::Program program{ScenarioBody::Run, body, kSilenceSeconds};
  const absl::StatusOr<Confirmed> confirmed = Confirm(program, schedule);
  if (!confirmed.ok()) return confirmed.status();
  const size_t before = schedule.choices.size();
  const explore::Shrunk shrunk = explore::Shrink(
      program, a.seconds, confirmed->restartable, confirmed->cause, &schedule);
  if (!explore::TellFinding(program, schedule, a.out.c_str())) {
    return absl::InternalError(absl::StrCat("cannot write ", a.out));
  }
  std::printf("%zu choices (%zu before), needs %s%d preemptions: %s\n",
              schedule.choices.size(), before, shrunk.fewest ? "" : "at most ",
              shrunk.preemptions, a.out.c_str());
  return absl::OkStatus();
}

// In the folder of the finding, or beside the input of a fuzz target.
std::string DefaultOut(const std::string& finding) {
  std::error_code error;
  const std::filesystem::path path = finding;
  if (std::filesystem::is_directory(path, error)) return path / "shrunk";
  if (path.filename() == "schedule") return path.parent_path() / "shrunk";
  return finding + ".shrunk";
}

void RunShrink(LensCli* cli, ShrinkArguments* a) {
  const absl::StatusOr<std::string> schedule =
      cli->ScheduleOf(a->finding, a->fuzz_input);
  if (!schedule.ok()) return cli->Complain("shrink", schedule.status());
  if (schedule->empty()) {
    std::printf("clean, there is nothing to shrink\n");
    return;
  }
  auto body = cli->BodyOf(*schedule);
  if (a->out.empty()) a->out = DefaultOut(a->finding);
  std::error_code error;
  std::filesystem::create_directories(a->out, error);
  absl::Status status = body.status();
  if (status.ok()) status = Shrink(*a, *schedule, body->get());
  if (!status.ok()) cli->Complain("shrink", status);
}

}  // namespace

void AddShrinkCommand(LensCli* cli) {
  auto arguments = std::make_shared<ShrinkArguments>();
  CLI::App* command = cli->app.add_subcommand(
      "shrink", "Looks for the smallest schedule with the same verdict");
  command
      ->add_option("finding", arguments->finding,
                   "Its folder or schedule, or an input of schedule_fuzz")
      ->required();
  command->add_flag("--fuzz-input", arguments->fuzz_input,
                    "It is an input of schedule_fuzz, whatever its bytes");
  command->add_option("--seconds", arguments->seconds, "At most so long")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command->add_option("--out", arguments->out,
                      "Where the smaller finding goes; default: the folder "
                      "'shrunk' in the finding, FILE.shrunk for other files");
  command->callback([cli, arguments] { RunShrink(cli, arguments.get()); });
}

}  // namespace reveille::stress
