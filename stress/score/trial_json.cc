// A trial as a line of trials.jsonl.
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

void ReadFinding(const nlohmann::json& f, TrialResult* r) {
  f.at("verdict").get_to(r->verdict);
  f.at("what").get_to(r->what);
  f.at("scenario").get_to(r->scenario);
  f.at("procs").get_to(r->procs);
  f.at("command").get_to(r->command);
  f.at("folder").get_to(r->folder);
  r->preemptions = f.value("preemptions", -1);
  r->fewest_preemptions = f.value("fewest_preemptions", false);
  if (!f.contains("replays")) return;
  f["replays"].at("same").get_to(r->same);
  f["replays"].at("of").get_to(r->replays);
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
  try {
    json.at("bug").get_to(r.key.subject);
    json.at("group").get_to(r.key.group);
    json.at("lens").get_to(r.key.lens);
    json.at("rescuers").get_to(r.key.rescuers);
    json.at("trial").get_to(r.key.number);
    json.at("seed").get_to(r.seed);
    json.at("found").get_to(r.found);
    json.at("right").get_to(r.right);
    json.at("seconds").get_to(r.seconds);
    json.at("searched").get_to(r.searched);
    json.at("slices").get_to(r.slices);
    json.at("failed_slices").get_to(r.failed_slices);
    r.failure = json.value("failure", "");
    json.at("gave_up").get_to(r.gave_up);
    if (r.found) ReadFinding(json.at("finding"), &r);
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  return r;
}

}  // namespace reveille::stress
