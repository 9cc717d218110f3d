#include "fuzz/schedule/convert.h"

#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "fuzz/schedule/execution.h"
#include "sanitizers/explore/schedule.h"
#include "sanitizers/explore/trial.h"
#include "stress/explore/scenario_body.h"

namespace reveille::fuzz {
namespace {

constexpr int kSilenceSeconds = 10;

}  // namespace

absl::StatusOr<Input> LoadInput(const std::string& path, bool any) {
  explore::Text text;
  std::error_code error;
  if (std::filesystem::is_directory(path, error) ||
      !explore::ReadFile(path.c_str(), &text)) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path));
  }
  const auto* const bytes = reinterpret_cast<const uint8_t*>(text.c_str());
  Input input = DecodeInput(bytes, text.size());
  if (!any &&
      EncodeInput(input) != std::vector<uint8_t>(bytes, bytes + text.size())) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        ": neither a schedule nor an input as schedule_fuzz writes "
        "them; if it is one of other bytes, say --fuzz-input"));
  }
  return input;
}

absl::StatusOr<bool> ConvertInput(const std::string& path, bool any,
                                  const std::string& out) {
  absl::StatusOr<Input> input = LoadInput(path, any);
  if (!input.ok()) return input.status();
  const stress::ProgramOptions options = OptionsOf(input->program);
  stress::ScenarioBody body(options);
  explore::SetOracle(body.oracle());
  explore::PrepareZygote();
  explore::Trial trial({stress::ScenarioBody::Run, &body, kSilenceSeconds});
  explore::Planned planned(&input->plan);
  explore::Schedule schedule;
  schedule.limits = LimitsOf(input->program);
  if (!trial.Run(&planned, schedule.limits, explore::Trial::Repeat::kOnce)) {
    return absl::InternalError(
        absl::StrCat(path, ": the process that executed it died"));
  }
  const explore::Remains& remains = trial.remains();
  if (remains.outcome.verdict == explore::Verdict::kClean) return false;
  schedule.program = explore::ProgramIdentity();
  schedule.hash = remains.outcome.hash;
  schedule.verdict = remains.outcome.verdict;
  std::snprintf(schedule.label, sizeof schedule.label, "%s",
                stress::LabelOf(options).c_str());
  schedule.choices.Assign(trial.choices(), remains.choice_count);
  explore::Text text(size_t{1} << 26);
  explore::PrintSchedule(schedule, &text);
  if (!explore::WriteFile(out.c_str(), text.c_str(), text.size())) {
    return absl::InternalError(absl::StrCat("cannot write ", out));
  }
  return true;
}

}  // namespace reveille::fuzz
