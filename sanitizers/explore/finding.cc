#include "finding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "aftermath.h"
#include "crash.h"
#include "random.h"
#include "story.h"
#include "strategies/replay.h"

namespace reveille::explore {
namespace {

// Names of functions survive a change of lines elsewhere; threads and steps
// are not what makes two findings different.
uint64_t DigestOfPlace(const Account& account, const Step& step) {
  Text text(4096);
  for (uintptr_t pc : step.frames) {
    if (pc == 0) break;
    const Place place = account.symbolizer->PlaceOf(pc);
    if (place.is_library) continue;
    text.Append(place.function);
    break;
  }
  text.Append(WordFor(step.kind));
  uint64_t digest = 0;
  for (const char* at = text.c_str(); *at != 0; ++at) {
    digest = Scatter(digest ^ static_cast<unsigned char>(*at));
  }
  return digest;
}

uint64_t DigestOfThreads(const Account& account, uint64_t threads) {
  uint64_t known[kMaxThreads];
  int count = 0;
  uint64_t all = 0;
  for (; threads != 0; threads &= threads - 1) {
    const int thread = __builtin_ctzll(threads);
    const Step* last = nullptr;
    for (const Step& step : account.history->steps()) {
      if (step.thread == thread) last = &step;
    }
    if (last == nullptr) continue;
    const uint64_t digest = DigestOfPlace(account, *last);
    bool repeated = false;
    for (int i = 0; i < count; ++i) repeated = repeated || known[i] == digest;
    if (repeated) continue;
    known[count++] = digest;
    all += digest;
  }
  return all;
}

uint64_t DigestOfMessage(const char* message) {
  uint64_t digest = 0;
  for (; *message != 0; ++message) {
    if (*message >= '0' && *message <= '9') continue;
    digest = Scatter(digest ^ static_cast<unsigned char>(*message));
  }
  return digest;
}

uint64_t SignatureOf(const Account& account) {
  const Outcome& outcome = *account.outcome;
  const uint64_t verdict = Scatter(static_cast<uint64_t>(outcome.verdict) + 77);
  switch (outcome.verdict) {
    case Verdict::kDeadlock:
    case Verdict::kPartialDeadlock:
    case Verdict::kIdleWorker:
      return verdict ^ DigestOfThreads(account, account.aftermath->stuck);
    case Verdict::kCrash:
    case Verdict::kDoubleRun:
    case Verdict::kRescued:
      if (outcome.thread >= 0) {
        return verdict ^
               DigestOfThreads(account, uint64_t{1} << outcome.thread);
      }
      return verdict;
    case Verdict::kLateTimer:
    case Verdict::kCheckFailed:
      return verdict ^ DigestOfMessage(outcome.message);
    default:
      return verdict;
  }
}

struct Telling {
  const Program* program;
  const Schedule* schedule;
  const Config* config;  // null: no search, only a story
  const char* out;
  const char* folder;
  Finding* finding;  // in shared memory
  bool* told;        // in shared memory
};

bool Write(const char* folder, const char* name, Text* text) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return WriteFile(path, text->c_str(), text->size());
}

void AppendField(const char* name, const char* value, Text* text) {
  text->Append("  ");
  text->AppendJson(name);
  text->Append(": ");
  text->AppendJson(value);
  text->Append(",\n");
}

void AppendField(const char* name, uint64_t value, Text* text) {
  text->Append("  ");
  text->AppendJson(name);
  text->Format(": %llu,\n", static_cast<unsigned long long>(value));
}

void TellVerdict(const Telling& telling, const Outcome& outcome,
                 const char* folder, Text* text) {
  const Finding& finding = *telling.finding;
  text->Append("{\n");
  AppendField("verdict", NameOf(outcome.verdict), text);
  AppendField("message", outcome.message, text);
  AppendField("signature", finding.signature, text);
  AppendField("label", telling.schedule->label, text);
  AppendField("steps", outcome.steps, text);
  AppendField("choices", outcome.choices, text);
  AppendField("virtual_nanoseconds", outcome.virtual_nanoseconds, text);
  AppendField("threads", static_cast<uint64_t>(outcome.threads), text);
  if (telling.config != nullptr) {
    AppendField("strategy", telling.config->strategy, text);
    AppendField("seed", telling.config->seed, text);
    AppendField("execution", finding.execution, text);
    AppendField("original_choices", finding.original_choices, text);
    AppendField("preemptions", static_cast<uint64_t>(finding.preemptions),
                text);
    AppendField("fewest_preemptions", uint64_t{finding.fewest}, text);
    AppendField("restartable", uint64_t{finding.restartable}, text);
    char command[1024];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(command, sizeof command, telling.config->command, folder);
#pragma GCC diagnostic pop
    AppendField("command", command, text);
  }
  char hash[32];
  snprintf(hash, sizeof hash, "%016llx",
           static_cast<unsigned long long>(outcome.hash));
  text->Append("  \"hash\": ");
  text->AppendJson(hash);
  text->Append("\n}\n");
}

bool MakeFolder(const char* folder) {
  return mkdir(folder, 0755) == 0 || errno == EEXIST;
}

bool WriteAll(const Telling& telling, const Account& account,
              const char* folder) {
  if (!MakeFolder(folder)) return false;
  Text schedule(size_t{1} << 26);
  PrintSchedule(*telling.schedule, &schedule);
  Text story;
  TellStory(account, &story);
  Text trace(size_t{1} << 28);
  TellTrace(account, &trace);
  Text verdict;
  TellVerdict(telling, *account.outcome, folder, &verdict);
  // The verdict comes last: where it is, the rest is complete.
  return Write(folder, "schedule", &schedule) &&
         Write(folder, "story.txt", &story) &&
         Write(folder, "trace.json", &trace) &&
         Write(folder, "verdict.json", &verdict);
}

// In the child: once more with history, then everything is told.
void Tell(void* argument) {
  const Telling& telling = *static_cast<Telling*>(argument);
  History history;
  Aftermath aftermath;
  KeepHistory(&history, &aftermath);
  WatchForSilence(telling.program->silence_seconds);
  const Schedule& schedule = *telling.schedule;
  Replay replay(schedule.choices.data(), schedule.choices.size());
  const Outcome outcome =
      *RunOnce(&replay, 0, schedule.limits, telling.program->body,
               telling.program->argument);
  WatchForSilence(0);
  Symbolizer symbolizer;
  WantPlaces(history, &symbolizer);
  symbolizer.LookUp();
  symbolizer.ReadSources();
  const Links links(history.steps());
  const ThingNames names(history.steps(), links, symbolizer);
  const Account account = {&outcome,    &history, &aftermath,
                           &symbolizer, &links,   &names};
  Finding* finding = telling.finding;
  snprintf(finding->signature, sizeof finding->signature, "%016llx",
           static_cast<unsigned long long>(SignatureOf(account)));
  char folder[512] = {};
  if (telling.folder != nullptr) {
    snprintf(folder, sizeof folder, "%s", telling.folder);
  } else if (telling.out != nullptr) {
    MakeFolder(telling.out);
    snprintf(folder, sizeof folder, "%.400s/finding-%s", telling.out,
             finding->signature);
  }
  *telling.told = folder[0] == 0 || WriteAll(telling, account, folder);
  memcpy(finding->folder, folder, sizeof folder);
}

bool TellInChild(Telling telling) {
  struct Shared {
    Finding finding;
    bool told;
  };
  Shared* shared = static_cast<Shared*>(ShareMemory(sizeof(Shared)));
  Finding* result = telling.finding;
  if (result != nullptr) shared->finding = *result;
  telling.finding = &shared->finding;
  telling.told = &shared->told;
  const int child = ForkChild(Tell, &telling);
  const bool told = Await(child, 120) && shared->told;
  if (told && result != nullptr) *result = shared->finding;
  UnshareMemory(shared, sizeof(Shared));
  return told;
}

}  // namespace

bool WriteFinding(const Program& program, const Schedule& schedule,
                  const Config& config, const char* out, Finding* finding) {
  return TellInChild(
      {&program, &schedule, &config, out, nullptr, finding, nullptr});
}

bool TellFinding(const Program& program, const Schedule& schedule,
                 const char* folder) {
  return TellInChild(
      {&program, &schedule, nullptr, nullptr, folder, nullptr, nullptr});
}

}  // namespace reveille::explore
