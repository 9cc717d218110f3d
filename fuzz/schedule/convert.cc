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

// What stays of one input, executed in a process of its own.
class Executed {
 public:
  explicit Executed(const Input& input)
      : input_(input),
        body_(OptionsOf(input.program)),
        trial_({stress::ScenarioBody::Run, &body_, kSilenceSeconds}) {
    explore::SetOracle(body_.oracle());
    explore::PrepareZygote();
    explore::Planned planned(&input_.plan);
    ended_ = trial_.Run(&planned, LimitsOf(input_.program),
                        explore::Trial::Repeat::kOnce);
    explore::SetOracle(nullptr);
  }
  bool ended() const { return ended_; }
  const explore::Remains& remains() { return trial_.remains(); }
  const explore::Choice* choices() { return trial_.choices(); }

 private:
  Input input_;
  stress::ScenarioBody body_;
  explore::Trial trial_;
  bool ended_ = false;
};

absl::Status Died(const std::string& path) {
  return absl::InternalError(
      absl::StrCat(path, ": the process that executed it died"));
}

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
  Executed executed(*input);
  if (!executed.ended()) return Died(path);
  const explore::Remains& remains = executed.remains();
  if (remains.outcome.verdict == explore::Verdict::kClean) return false;
  explore::Schedule schedule;
  schedule.limits = LimitsOf(input->program);
  schedule.program = explore::ProgramIdentity();
  schedule.hash = remains.outcome.hash;
  schedule.verdict = remains.outcome.verdict;
  std::snprintf(schedule.label, sizeof schedule.label, "%s",
                stress::LabelOf(OptionsOf(input->program)).c_str());
  schedule.choices.Assign(executed.choices(), remains.choice_count);
  explore::Text text(size_t{1} << 26);
  explore::PrintSchedule(schedule, &text);
  if (!explore::WriteFile(out.c_str(), text.c_str(), text.size())) {
    return absl::InternalError(absl::StrCat("cannot write ", out));
  }
  return true;
}

absl::StatusOr<std::string> OutcomeOf(const std::string& path) {
  const absl::StatusOr<Input> input = LoadInput(path, /*any=*/true);
  if (!input.ok()) return input.status();
  Executed executed(*input);
  if (!executed.ended()) return Died(path);
  return ToText(executed.remains().outcome);
}

}  // namespace reveille::fuzz
