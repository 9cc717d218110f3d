// What there is to score, as the programs of the build list it.
#include "absl/strings/str_cat.h"
#include "stress/score/plan.h"
#include "stress/score/program.h"

namespace reveille::stress {
namespace {

absl::StatusOr<nlohmann::json> Listed(const std::string& bin,
                                      const char* what) {
  const absl::StatusOr<std::string> text =
      OutputOf({absl::StrCat(bin, "/reveille"), "list", what, "--json"});
  if (!text.ok()) return text.status();
  nlohmann::json list = nlohmann::json::parse(*text, nullptr, false);
  if (list.is_array()) return list;
  return absl::InternalError(
      absl::StrCat(bin, "/reveille list ", what, " --json gave no list"));
}

template <typename Read>
absl::Status ReadAll(const std::string& bin, const char* what, Read read,
                     std::vector<Subject>* subjects) {
  const auto list = Listed(bin, what);
  if (!list.ok()) return list.status();
  for (const nlohmann::json& entry : *list) {
    absl::StatusOr<Subject> subject = read(entry);
    if (!subject.ok()) return subject.status();
    subjects->push_back(*std::move(subject));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Catalogue> AskCatalogue(const std::string& bin) {
  Catalogue catalogue;
  absl::Status status = ReadAll(bin, "mutants", MutantFrom, &catalogue.mutants);
  if (status.ok()) status = ReadAll(bin, "zoo", ZooBugFrom, &catalogue.zoo);
  if (!status.ok()) return status;
  const auto scenarios = Listed(bin, "scenarios");
  if (!scenarios.ok()) return scenarios.status();
  for (const nlohmann::json& entry : *scenarios) {
    catalogue.scenarios.push_back(entry.value("name", ""));
  }
  return catalogue;
}

}  // namespace reveille::stress
