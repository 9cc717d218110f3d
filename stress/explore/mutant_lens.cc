#include "stress/explore/mutant_lens.h"

#include <errno.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "stress/driver/mutants.h"
#include "stress/report/run_record.h"

namespace reveille::stress {
namespace {

bool IsKnown(const std::string& name) {
  for (const Mutant& mutant : AllMutants()) {
    if (mutant.name == name) return true;
  }
  return name.empty();
}

std::string LensOf(const std::string& name) {
  std::error_code error;
  std::filesystem::path folder =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  if (*MutantName() != '\0') folder = folder.parent_path().parent_path();
  if (!name.empty()) folder = folder / "mutants" / name;
  return folder / "reveille_explore";
}

}  // namespace

absl::Status BecomeMutantLens(const std::string& name, char** argv) {
  if (name == MutantName()) return absl::OkStatus();
  if (!IsKnown(name)) {
    const auto append = [](std::string* out, const Mutant& mutant) {
      out->append(mutant.name);
    };
    return absl::NotFoundError(absl::StrCat(
        "--mutant: no mutant '", name,
        "'; there are: ", absl::StrJoin(AllMutants(), ", ", append)));
  }
  const std::string lens = LensOf(name);
  execv(lens.c_str(), argv);
  return absl::FailedPreconditionError(
      absl::StrCat("--mutant: cannot run ", lens, ": ", std::strerror(errno),
                   "; build the target 'explore_mutants' first"));
}

}  // namespace reveille::stress
