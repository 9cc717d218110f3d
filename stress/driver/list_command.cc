// `reveille list`.
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "stress/driver/cli.h"
#include "stress/driver/mutants.h"
#include "stress/pools/pool.h"
#include "stress/scenarios/scenario.h"
#include "stress/zoo/bug.h"

namespace reveille::stress {
namespace {

nlohmann::json Pools() {
  nlohmann::json list = nlohmann::json::array();
  for (const PoolEntry& pool : AllPools())
    list.push_back({{"name", pool.name}});
  return list;
}

nlohmann::json Scenarios() {
  nlohmann::json list = nlohmann::json::array();
  for (const Scenario& s : AllScenarios()) {
    list.push_back({{"name", s.name}, {"promise", s.promise}});
  }
  return list;
}

nlohmann::json Mutants() {
  nlohmann::json list = nlohmann::json::array();
  for (const Mutant& m : AllMutants()) {
    list.push_back({{"name", m.name},
                    {"bug", m.bug},
                    {"mirrors", m.mirrors},
                    {"breaks", m.breaks},
                    {"expect", m.expect},
                    {"built", IsBuilt(m)}});
  }
  return list;
}

nlohmann::json Zoo() {
  nlohmann::json list = nlohmann::json::array();
  for (const zoo::Bug& bug : zoo::AllBugs()) {
    list.push_back({{"name", bug.name},
                    {"pool", zoo::BuggyPool(bug)},
                    {"classes", bug.classes},
                    {"mirrors", bug.mirrors},
                    {"expect", bug.expect},
                    {"scenario", bug.scenario}});
  }
  return list;
}

nlohmann::json Listed(const std::string& what) {
  if (what == "pools") return Pools();
  if (what == "scenarios") return Scenarios();
  return what == "zoo" ? Zoo() : Mutants();
}

// Name, then what describes it, if anything does.
std::string Line(const nlohmann::json& entry) {
  std::string what =
      entry.value("promise", entry.value("bug", entry.value("mirrors", "")));
  if (entry.contains("built") && !entry["built"]) what += " (not built)";
  std::string name = entry["name"];
  if (what.empty()) return name;
  return absl::StrFormat("%-26s %s", name, what);
}

}  // namespace

void AddListCommand(Cli* cli) {
  struct Options {
    std::string what;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      cli->app.add_subcommand("list", "Lists what there is to run");
  command->add_option("what", options->what, "pools, scenarios, mutants or zoo")
      ->required()
      ->check(CLI::IsMember({"pools", "scenarios", "mutants", "zoo"}));
  command->add_flag("--json", options->json, "As one JSON array");
  command->callback([options] {
    const nlohmann::json list = Listed(options->what);
    if (options->json) {
      std::printf("%s\n", list.dump(2).c_str());
      return;
    }
    for (const nlohmann::json& entry : list) {
      std::printf("%s\n", Line(entry).c_str());
    }
  });
}

}  // namespace reveille::stress
