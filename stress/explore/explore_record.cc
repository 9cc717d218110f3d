#include "stress/explore/explore_record.h"

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "stress/explore/scenario_body.h"
#include "stress/report/files.h"
#include "stress/report/run_record.h"

namespace reveille::stress {
namespace {

constexpr const char* kSchema = "reveille-explore/1";
// A night's search has thousands of seconds; a curve needs no more points.
constexpr size_t kMostPoints = 240;

std::string OutcomeOf(const explore::Report& report, bool interrupted) {
  const int code = report.exit_code();
  if (code == 1) return "finding";
  for (int i = 0; i < report.finding_count; ++i) {
    if (absl::StartsWith(report.findings[i].message, kPoolLacks)) {
      return "skipped";
    }
  }
  if (code != 0) return "unjudged";
  if (interrupted) return "interrupted";
  return report.executions == 0 ? "failed" : "clean";
}

// Why nothing is known, or not all.
std::string ErrorOf(const explore::Report& report) {
  if (report.lens_error[0] != '\0') return report.lens_error;
  for (int i = 0; i < report.finding_count; ++i) {
    const explore::Finding& finding = report.findings[i];
    if (explore::ClassOf(finding.verdict) != explore::VerdictClass::kFinding) {
      return finding.message;
    }
  }
  return report.executions == 0 ? "no schedule was run" : "";
}

nlohmann::json EntryOf(const explore::Finding& f) {
  nlohmann::json entry = {
      {"verdict", explore::NameOf(f.verdict)},
      {"what", f.message},
      {"signature", f.signature},
      {"folder", std::filesystem::path(f.folder).filename().string()},
      {"execution", f.execution},
      {"seconds", f.seconds},
      {"cpu_seconds", f.cpu_seconds},
      {"choices", f.choices},
      {"original_choices", f.original_choices},
      {"occurrences", f.occurrences}};
  // What cannot be repeated by itself has neither schedule nor story.
  if (f.needs_past) return entry;
  entry["preemptions"] = f.preemptions;
  entry["fewest_preemptions"] = f.fewest;
  return entry;
}

nlohmann::json RequestOf(const ExploreOptions& o) {
  return {{"pool", o.program.pool},
          {"mutant", o.program.mutant},
          {"scenario", o.program.scenario},
          {"procs", o.program.procs},
          {"rescuers", o.program.rescuers == "on"},
          {"seed", o.program.seed},
          {"strategy", o.strategy},
          {"jobs", o.jobs},
          {"chaos", "none"}};
}

}  // namespace

ExploreRecord::ExploreRecord(const ExploreOptions* options)
    : options_(options), started_at_(absl::Now()) {}

void ExploreRecord::AddPoint(const explore::Report& so_far) {
  if (points_.size() >= kMostPoints) {
    for (size_t i = 0; 2 * i + 1 < points_.size(); ++i) {
      points_[i] = points_[2 * i + 1];
    }
    points_.resize(points_.size() / 2);
  }
  points_.push_back({so_far.seconds, so_far.executions, so_far.distinct});
}

nlohmann::json ExploreRecord::ToJson(const explore::Report& report,
                                     bool interrupted) const {
  nlohmann::json json = RequestOf(*options_);
  json["schema"] = kSchema;
  json["build"] = BuildInfo();
  json["outcome"] = OutcomeOf(report, interrupted);
  const std::string error = ErrorOf(report);
  if (!error.empty()) json["error"] = error;
  json["started_at"] =
      absl::FormatTime(absl::RFC3339_sec, started_at_, absl::UTCTimeZone());
  json["duration_s"] = report.seconds;
  json["cpu_s"] = report.cpu_seconds;
  json["schedules"] = report.executions;
  json["distinct"] = report.distinct;
  json["steps"] = report.steps;
  json["longest"] = report.longest;
  json["starved"] = report.starved;
  json["completeness"] = report.completeness;
  nlohmann::json verdicts = nlohmann::json::array();
  for (int i = 0; i < report.finding_count; ++i) {
    const explore::Finding& finding = report.findings[i];
    if (explore::ClassOf(finding.verdict) == explore::VerdictClass::kFinding) {
      verdicts.push_back(EntryOf(finding));
    }
  }
  json["verdicts"] = std::move(verdicts);
  nlohmann::json points = nlohmann::json::array();
  for (const Point& p : points_) {
    points.push_back({p.seconds, p.schedules, p.distinct});
  }
  points.push_back({report.seconds, report.executions, report.distinct});
  json["progress"] = std::move(points);
  return json;
}

absl::Status ExploreRecord::Append(const explore::Report& report,
                                   bool interrupted) const {
  const std::string line =
      ToJson(report, interrupted)
          .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  absl::Status status = MakeFolder(options_->out);
  if (!status.ok()) return status;
  return AppendLine(options_->out + "/results.jsonl", line);
}

}  // namespace reveille::stress
