#include "stress/explore/lens_cli.h"

#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "sanitizers/explore/explore.h"
#include "sanitizers/explore/schedule.h"
#include "stress/driver/exit_codes.h"
#include "stress/explore/mutant_lens.h"

namespace reveille::stress {

void LensCli::Complain(const char* command, const absl::Status& status) {
  std::fprintf(stderr, "reveille %s: %s\n", command,
               std::string(status.message()).c_str());
  const bool usage =
      absl::IsInvalidArgument(status) || absl::IsNotFound(status);
  exit_code = usage ? kExitUsage : kExitFailed;
}

std::string ScheduleIn(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return path;
  return std::filesystem::path(path) / "schedule";
}

absl::StatusOr<std::unique_ptr<ScenarioBody>> BodyOf(const std::string& path,
                                                     char** argv) {
  explore::Text bytes, complaint(4096);
  if (!explore::ReadFile(path.c_str(), &bytes)) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path));
  }
  explore::Schedule schedule;
  if (!explore::ParseSchedule(bytes.c_str(), bytes.size(), &schedule,
                              &complaint)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", complaint.c_str()));
  }
  absl::StatusOr<ProgramOptions> options = FromLabel(schedule.label);
  if (!options.ok()) return options.status();
  absl::Status status = BecomeMutantLens(options->mutant, argv);
  if (status.ok()) status = Check(*options);
  if (!status.ok()) return status;
  auto body = std::make_unique<ScenarioBody>(*options);
  explore::SetOracle(body->oracle());
  return body;
}

}  // namespace reveille::stress
