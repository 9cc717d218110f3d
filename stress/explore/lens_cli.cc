#include "stress/explore/lens_cli.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sanitizers/explore/explore.h"
#include "sanitizers/explore/schedule.h"
#include "stress/driver/exit_codes.h"
#include "stress/explore/mutant_lens.h"

namespace reveille::stress {
namespace {

// How the file begins, see sanitizers/explore/schedule.h.
constexpr absl::string_view kScheduleBegins = "reveille-schedule ";

// One line, whatever the parser says.
int ReportParseError(const CLI::App& app, const CLI::ParseError& error) {
  std::string command = "reveille";
  for (const CLI::App* sub : app.get_subcommands()) {
    command += " " + sub->get_name();
  }
  std::string message = error.what();
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fprintf(stderr, "%s: %s (see %s --help)\n", command.c_str(),
               message.c_str(), command.c_str());
  return kExitUsage;
}

absl::StatusOr<std::string> BytesOf(const std::string& path) {
  explore::Text bytes;
  std::error_code error;
  if (std::filesystem::is_directory(path, error) ||
      !explore::ReadFile(path.c_str(), &bytes)) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path));
  }
  return std::string(bytes.c_str(), bytes.size());
}

// Replaces this process by the driver that knows the inputs of fuzz targets.
absl::Status BecomeFuzzDriver(char** argv, const std::string& what) {
  std::error_code error;
  const std::string driver =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path() /
      "reveille_fuzz";
  execv(driver.c_str(), argv);
  return absl::InvalidArgumentError(
      absl::StrCat(what, ", and ", driver,
                   ", which might know it, cannot be "
                   "run: ",
                   std::strerror(errno)));
}

}  // namespace

LensCli::LensCli() {
  app.name("reveille");
  app.require_subcommand(1);
  AddExploreCommand(this);
  AddReplayCommand(this);
  AddShrinkCommand(this);
}

int LensCli::Run(int argc, char** arguments) {
  argv = arguments;
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return ReportParseError(app, error);
  }
  RemoveConverted();
  return exit_code;
}

void LensCli::Complain(const char* command, const absl::Status& status) {
  std::fprintf(stderr, "reveille %s: %s\n", command,
               std::string(status.message()).c_str());
  const bool usage =
      absl::IsInvalidArgument(status) || absl::IsNotFound(status);
  exit_code = usage ? kExitUsage : kExitFailed;
}

void LensCli::RemoveConverted() {
  if (converted_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(converted_, ignored);
}

absl::StatusOr<std::string> LensCli::ScheduleOf(const std::string& finding,
                                                bool fuzz_input) {
  std::error_code error;
  std::filesystem::path path = finding;
  if (std::filesystem::is_directory(path, error)) path /= "schedule";
  const absl::StatusOr<std::string> bytes = BytesOf(path);
  if (!bytes.ok()) return bytes.status();
  if (!fuzz_input && absl::StartsWith(*bytes, kScheduleBegins)) {
    return path.string();
  }
  if (convert == nullptr) {
    return BecomeFuzzDriver(argv,
                            absl::StrCat(path.string(), " is no schedule"));
  }
  converted_ = std::filesystem::temp_directory_path() / "input-XXXXXX";
  if (mkdtemp(converted_.data()) == nullptr) {
    return absl::InternalError("cannot make a temporary folder");
  }
  const std::string schedule = converted_ + "/schedule";
  const absl::StatusOr<bool> is_finding = convert(path, fuzz_input, schedule);
  if (!is_finding.ok()) return is_finding.status();
  return *is_finding ? schedule : std::string();
}

absl::StatusOr<std::unique_ptr<ScenarioBody>> LensCli::BodyOf(
    const std::string& path) {
  const absl::StatusOr<std::string> bytes = BytesOf(path);
  if (!bytes.ok()) return bytes.status();
  explore::Schedule schedule;
  explore::Text complaint(4096);
  if (!explore::ParseSchedule(bytes->data(), bytes->size(), &schedule,
                              &complaint)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", complaint.c_str()));
  }
  absl::StatusOr<ProgramOptions> options = FromLabel(schedule.label);
  if (!options.ok()) return options.status();
  absl::Status status = BecomeMutantLens(options->mutant, argv);
  if (status.ok() && FindScenario(options->scenario) == nullptr &&
      convert == nullptr) {
    status = BecomeFuzzDriver(
        argv, absl::StrCat("no scenario '", options->scenario, "'"));
  }
  if (status.ok()) status = Check(*options);
  if (!status.ok()) return status;
  auto body = std::make_unique<ScenarioBody>(*options);
  explore::SetOracle(body->oracle());
  return body;
}

}  // namespace reveille::stress
