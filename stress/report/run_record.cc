#include "stress/report/run_record.h"

namespace reveille::stress {
namespace {

nlohmann::json DurationsToJson(const Histogram& h) {
  nlohmann::json buckets = nlohmann::json::array();
  for (const auto& [low, count] : h.NonEmpty()) buckets.push_back({low, count});
  return {{"count", h.count()},         {"p50_ns", h.Quantile(0.5)},
          {"p99_ns", h.Quantile(0.99)}, {"p999_ns", h.Quantile(0.999)},
          {"max_ns", h.max()},          {"buckets", std::move(buckets)}};
}

nlohmann::json GapsToJson(const WatchdogReport& w) {
  nlohmann::json json = DurationsToJson(w.gaps);
  const double seen = static_cast<double>(w.gap_samples);
  json["resolution_ns"] = w.resolution_ns;
  json["samples"] = w.samples;
  json["share_of_time"] =
      w.samples > 0 ? seen / static_cast<double>(w.samples) : 0;
  return json;
}

nlohmann::json VerdictsToJson(const std::vector<RecordedVerdict>& verdicts) {
  nlohmann::json result = nlohmann::json::array();
  for (const RecordedVerdict& v : verdicts) {
    result.push_back({{"verdict", v.verdict},
                      {"what", v.what},
                      {"signature", v.signature},
                      {"folder", "finding-" + v.signature},
                      {"round", v.round},
                      {"round_seed", v.round_seed},
                      {"command", v.command}});
  }
  return result;
}

}  // namespace

nlohmann::json ToJson(const RunRecord& r) {
  nlohmann::json json = r.request;
  json["schema"] = std::string(kRunSchema);
  json["build"] = BuildInfo();
  json["outcome"] = r.outcome;
  if (!r.error.empty()) json["error"] = r.error;
  json["started_at"] = r.started_at;
  json["duration_s"] = r.duration_s;
  json["first_round"] = r.first_round;
  json["rounds"] = r.rounds;
  json["tasks_finished"] = r.tasks;
  json["verdicts"] = VerdictsToJson(r.verdicts);
  json["watchdog"] = {{"white_box", r.watchdog.white_box},
                      {"suspicions", r.watchdog.suspicions}};
  // Null, not zero: a pool that does not show its state has no known gap.
  json["conservation_gap"] =
      r.watchdog.white_box ? GapsToJson(r.watchdog) : nlohmann::json();
  json["wake_latency"] =
      r.wakes.count() > 0 ? DurationsToJson(r.wakes) : nlohmann::json();
  json["chaos_done"] = r.chaos;
  nlohmann::json counters = nlohmann::json::object();
  for (const auto& [name, value] : r.counters) counters[name] = value;
  json["counters"] = std::move(counters);
  return json;
}

}  // namespace reveille::stress
