// A trial as a line of trials.jsonl.
#include "stress/report/field.h"
#include "stress/score/trial.h"

namespace reveille::stress {
namespace {

nlohmann::json FindingOf(const TrialResult& r) {
  nlohmann::json finding = {{"verdict", r.verdict},   {"what", r.what},
                            {"scenario", r.scenario}, {"procs", r.procs},
                            {"command", r.command},   {"folder", r.folder}};
  if (r.preemptions >= 0) {
    finding["preemptions"] = r.preemptions;
    finding["fewest_preemptions"] = r.fewest_preemptions;
  }
  if (r.replays > 0) finding["replays"] = {{"same", r.same}, {"of", r.replays}};
  return finding;
}

bool ReadFinding(const nlohmann::json& f, TrialResult* r) {
  if (!ReadField(f, "verdict", &r->verdict) ||
      !ReadField(f, "what", &r->what) ||
      !ReadField(f, "scenario", &r->scenario) ||
      !ReadField(f, "procs", &r->procs) ||
      !ReadField(f, "command", &r->command) ||
      !ReadField(f, "folder", &r->folder) ||
      !ReadOptionalField(f, "preemptions", &r->preemptions) ||
      !ReadOptionalField(f, "fewest_preemptions", &r->fewest_preemptions) ||
      r->procs < 0 || r->preemptions < -1) {
    return false;
  }
  if (!f.contains("replays")) return true;
  return ReadField(f["replays"], "same", &r->same) &&
         ReadField(f["replays"], "of", &r->replays) && r->same >= 0 &&
         r->same <= r->replays;
}

bool ReadKey(const nlohmann::json& json, TrialKey* key) {
  return ReadField(json, "bug", &key->subject) &&
         ReadField(json, "group", &key->group) &&
         ReadField(json, "lens", &key->lens) &&
         ReadField(json, "rescuers", &key->rescuers) &&
         ReadField(json, "trial", &key->number) && key->number >= 0;
}

}  // namespace

nlohmann::json ToJson(const TrialResult& r) {
  nlohmann::json json = {
      {"bug", r.key.subject},  {"group", r.key.group},
      {"lens", r.key.lens},    {"rescuers", r.key.rescuers},
      {"trial", r.key.number}, {"seed", r.seed},
      {"found", r.found},      {"right", r.right},
      {"seconds", r.seconds},  {"searched", r.searched},
      {"slices", r.slices},    {"failed_slices", r.failed_slices},
      {"gave_up", r.gave_up}};
  if (!r.failure.empty()) json["failure"] = r.failure;
  if (r.found) json["finding"] = FindingOf(r);
  return json;
}

std::optional<TrialResult> TrialFromJson(const nlohmann::json& json) {
  TrialResult r;
  if (!ReadKey(json, &r.key) || !ReadField(json, "seed", &r.seed) ||
      !ReadField(json, "found", &r.found) ||
      !ReadField(json, "right", &r.right) ||
      !ReadField(json, "seconds", &r.seconds) ||
      !ReadField(json, "searched", &r.searched) ||
      !ReadField(json, "slices", &r.slices) ||
      !ReadField(json, "failed_slices", &r.failed_slices) ||
      !ReadOptionalField(json, "failure", &r.failure) ||
      !ReadField(json, "gave_up", &r.gave_up) || r.seconds < 0 ||
      r.slices < 0 || r.failed_slices < 0) {
    return std::nullopt;
  }
  if (r.found &&
      !(json.contains("finding") && ReadFinding(json["finding"], &r))) {
    return std::nullopt;
  }
  return r;
}

}  // namespace reveille::stress
