#include "stress/driver/mutants.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "stress/report/run_record.h"

namespace reveille::stress {
namespace {

// bin/mutants/<name>/reveille, from the product's driver or a mutant's.
std::string DriverOf(const std::string& name) {
  std::error_code error;
  std::filesystem::path folder =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  if (*MutantName() != '\0') folder = folder.parent_path().parent_path();
  return folder / "mutants" / name / "reveille";
}

std::string KnownMutants() {
  if (AllMutants().empty()) return "this build tree has none";
  return absl::StrCat(
      "there are: ",
      absl::StrJoin(AllMutants(), ", ", [](std::string* out, const Mutant& m) {
        out->append(m.name);
      }));
}

}  // namespace

bool IsBuilt(const Mutant& mutant) {
  return access(DriverOf(mutant.name).c_str(), X_OK) == 0;
}

absl::Status BecomeMutant(const std::string& name, char** argv) {
  if (name == MutantName()) return absl::OkStatus();
  const auto& all = AllMutants();
  const bool known = std::any_of(
      all.begin(), all.end(), [&](const Mutant& m) { return m.name == name; });
  if (!known) {
    return absl::NotFoundError(
        absl::StrCat("--mutant: no mutant '", name, "'; ", KnownMutants()));
  }
  const std::string driver = DriverOf(name);
  execv(driver.c_str(), argv);
  return absl::FailedPreconditionError(
      absl::StrCat("--mutant: cannot run ", driver, ": ", std::strerror(errno),
                   "; build the target 'mutants' first"));
}

}  // namespace reveille::stress
