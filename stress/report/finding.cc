#include "stress/report/finding.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "stress/report/files.h"
#include "stress/report/run_record.h"

namespace reveille::stress {
namespace {

// FNV-1a: the same on every machine and in every build.
uint64_t HashOf(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

// Invalid UTF-8 in what a pool says must not cost us the finding.
std::string Dump(const nlohmann::json& json, int indent) {
  return json.dump(indent, ' ', false,
                   nlohmann::json::error_handler_t::replace);
}

nlohmann::json ToJson(const PoolSnapshot& s) {
  return {{"time_ns", s.time_ns},
          {"workers", s.workers},
          {"idle", s.idle},
          {"runnable", s.runnable},
          {"searching", s.searching},
          {"in_transition", s.in_transition},
          {"stopping_world", s.stopping_world},
          {"next_timer_ns", s.next_timer_ns},
          {"steps", s.steps},
          {"tids", s.tids}};
}

std::string SeenLine(const Finding& f) {
  const nlohmann::json json = {
      {"at",
       absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone())},
      {"round", f.round},
      {"round_seed", f.round_seed},
      {"command", f.command}};
  return Dump(json, -1);
}

std::string VerdictFile(const Finding& f) {
  const nlohmann::json json = {{"schema", std::string(kVerdictSchema)},
                               {"verdict", f.verdict},
                               {"what", f.what},
                               {"signature", SignatureOf(f)},
                               {"abstract_state", f.abstract_state},
                               {"request", f.request},
                               {"round", f.round},
                               {"round_seed", f.round_seed},
                               {"command", f.command},
                               {"build", BuildInfo()},
                               {"evidence", f.evidence}};
  return Dump(json, 2) + "\n";
}

std::string ReproduceFile(const Finding& f) {
  const std::string program = "reveille";
  std::string arguments = f.command;
  if (arguments.rfind(program, 0) == 0) arguments.erase(0, program.size());
  return absl::StrCat("#!/bin/sh\n# ", f.verdict, ": ", f.what,
                      "\nexec \"${REVEILLE:-", program, "}\"", arguments,
                      " \"$@\"\n");
}

absl::Status WriteFiles(const std::string& folder, const Finding& f) {
  const std::vector<std::pair<const char*, std::string>> files = {
      {"verdict.json", VerdictFile(f)},
      {"command", f.command + "\n"},
      {"state.txt", f.state},
      {"stacks.txt", f.stacks},
      {"trace.json", f.trace},
      {"stderr.txt", f.standard_error},
      {"seen.jsonl", SeenLine(f) + "\n"}};
  for (const auto& [name, content] : files) {
    if (content.empty()) continue;
    const absl::Status status =
        WriteWhole(absl::StrCat(folder, "/", name), content);
    if (!status.ok()) return status;
  }
  return WriteWhole(folder + "/reproduce.sh", ReproduceFile(f), true);
}

}  // namespace

std::string SignatureOf(const Finding& f) {
  const std::string mutant = f.request.value("mutant", "");
  return absl::StrFormat(
      "%012x", HashOf(absl::StrCat(f.verdict, "|", f.pool, "|", mutant, "|",
                                   f.scenario, "|", f.abstract_state)) >>
                   16);
}

absl::StatusOr<std::string> WriteFinding(const std::string& out,
                                         const Finding& finding) {
  const std::string name = absl::StrCat("finding-", SignatureOf(finding));
  std::string folder = absl::StrCat(out, "/", name);
  std::error_code error;
  if (std::filesystem::exists(folder, error)) {
    absl::Status status = AppendLine(folder + "/seen.jsonl", SeenLine(finding));
    if (!status.ok()) return status;
    return folder;
  }
  const std::string temporary = absl::StrCat(out, "/.", name, ".", getpid());
  absl::Status status = MakeFolder(temporary);
  if (status.ok()) status = WriteFiles(temporary, finding);
  if (status.ok() && rename(temporary.c_str(), folder.c_str()) != 0) {
    // Another run met the same signature at the same time: its folder stands.
    const bool there = errno == EEXIST || errno == ENOTEMPTY;
    status = there ? AppendLine(folder + "/seen.jsonl", SeenLine(finding))
                   : absl::UnavailableError(
                         absl::StrCat("cannot rename into ", folder, ": ",
                                      std::generic_category().message(errno)));
  }
  std::filesystem::remove_all(temporary, error);
  if (!status.ok()) return status;
  return folder;
}

nlohmann::json ToJson(const Sighting& s) {
  nlohmann::json threads = nlohmann::json::array();
  for (const ThreadSample& t : s.threads) {
    threads.push_back({{"tid", t.tid},
                       {"state", std::string(1, t.state)},
                       {"cpu_ns", t.cpu_ns}});
  }
  return {{"time_ns", s.time_ns},
          {"submitted", s.tasks.submitted},
          {"started", s.tasks.started},
          {"finished", s.tasks.finished},
          {"parallelism", s.parallelism},
          {"stall_epoch", s.stall_epoch},
          {"pool", s.pool ? ToJson(*s.pool) : nlohmann::json()},
          {"threads", std::move(threads)}};
}

}  // namespace reveille::stress
