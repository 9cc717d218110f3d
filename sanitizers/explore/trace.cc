// The trace of an execution in the JSON format of Chrome and Perfetto.
#include "choice.h"
#include "lanes.h"
#include "story.h"
#include "why.h"

namespace reveille::explore {
namespace {

// Perfetto groups lanes by process.
constexpr int kThreads = 1;
constexpr int kWorkers = 2;

void AppendName(const char* what, int process, int lane, const char* name,
                Text* text) {
  text->Format(
      "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"%s\","
      "\"args\":{\"name\":",
      process, lane, what);
  text->AppendJson(name);
  text->Append("}},\n");
}

void AppendLane(const Account& account, int thread, Text* text) {
  Text name(256);
  AppendThread(account, thread, &name);
  AppendName("thread_name", kThreads, thread, name.c_str(), text);
}

// Who was which worker, and when.
void AppendWorkers(const Account& account, Text* text) {
  Buffer<Stint> stints(History::kMostSteps + kMaxThreads);
  CollectStints(account.steps(), &stints);
  if (stints.empty()) return;
  AppendName("process_name", kWorkers, 0, "Ps", text);
  uint64_t named[2] = {};
  for (const Stint& stint : stints) {
    uint64_t& names = named[stint.worker / 64];
    if (!Contains(names, stint.worker % 64)) {
      names |= uint64_t{1} << (stint.worker % 64);
      Text name(64);
      name.Format("P%d", stint.worker);
      AppendName("thread_name", kWorkers, stint.worker, name.c_str(), text);
    }
    Text who(256);
    AppendThread(account, stint.thread, &who);
    text->Format(
        "{\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"ts\":%u,\"dur\":%u,"
        "\"name\":",
        kWorkers, stint.worker, stint.begin, stint.end - stint.begin);
    text->AppendJson(who.c_str());
    text->Append("},\n");
  }
}

// Where a wakeup was missed: at the step of whoever did not wake.
void AppendMisses(const Account& account, Text* text) {
  const Why why = WhyOf(account);
  for (int i = 0; i < why.miss_count; ++i) {
    const MissedWakeup& missed = why.misses[i];
    uint32_t at = missed.wakeup_at;
    if (at == kNoStep) at = missed.waker_looked_at;
    if (at == kNoStep) at = missed.slept_at;
    Text what(4096);
    AppendMiss(account, missed, &what);
    text->Format(
        "{\"ph\":\"i\",\"pid\":%d,\"tid\":%d,\"ts\":%u,\"s\":\"p\","
        "\"name\":\"missed wakeup\",\"args\":{\"why\":",
        kThreads, account.steps()[at].thread, at);
    text->AppendJson(what.c_str());
    text->Append("}},\n");
  }
}

void AppendSlice(const Account& account, size_t index, Text* text) {
  const Step& step = account.history->steps()[index];
  Text name(512);
  AppendOperation(account, static_cast<uint32_t>(index), &name);
  Text place(2048);
  AppendPlaceAndCode(account, static_cast<uint32_t>(index), 200, &place);
  text->Format(
      "{\"ph\":\"X\",\"pid\":1,\"tid\":%d,\"ts\":%zu,\"dur\":1,"
      "\"name\":",
      step.thread, index);
  text->AppendJson(name.c_str());
  text->Append(",\"args\":{\"where\":");
  text->AppendJson(place.c_str());
  if (step.worker >= 0) text->Format(",\"worker\":\"P%d\"", step.worker);
  text->Format(
      ",\"virtual_ns\":%llu,\"before\":\"%llu\",\"after\":\"%llu\","
      "\"preempts\":%s}},\n",
      static_cast<unsigned long long>(step.time),
      static_cast<unsigned long long>(step.before),
      static_cast<unsigned long long>(step.after),
      step.preempts ? "true" : "false");
}

// The first step of `thread` after `index`, or the step count.
size_t NextStepOf(const Buffer<Step>& steps, int thread, size_t index) {
  size_t next = index + 1;
  while (next < steps.size() && steps[next].thread != thread) ++next;
  return next;
}

void AppendArrow(const char* phase, size_t id, int thread, size_t at,
                 Text* text) {
  text->Format(
      "{\"ph\":\"%s\",\"pid\":1,\"tid\":%d,\"ts\":%zu,\"id\":%zu,"
      "\"bp\":\"e\",\"cat\":\"wakeup\",\"name\":\"wakeup\"},\n",
      phase, thread, at, id);
}

void AppendWakeups(const Account& account, size_t index, Text* text) {
  const Buffer<Step>& steps = account.history->steps();
  for (uint64_t rest = steps[index].reached; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    const size_t next = NextStepOf(steps, thread, index);
    if (next == steps.size()) continue;
    const size_t id = index * 64 + static_cast<size_t>(thread);
    AppendArrow("s", id, steps[index].thread, index, text);
    AppendArrow("f", id, thread, next, text);
  }
}

}  // namespace

void TellTrace(const Account& account, Text* text) {
  text->Append("{\"traceEvents\":[\n");
  AppendName("process_name", kThreads, 0, "threads", text);
  for (uint64_t rest = account.aftermath->seen; rest != 0; rest &= rest - 1) {
    AppendLane(account, __builtin_ctzll(rest), text);
  }
  AppendWorkers(account, text);
  AppendMisses(account, text);
  const size_t count = account.steps().size();
  for (size_t i = 0; i < count; ++i) {
    AppendSlice(account, i, text);
    AppendWakeups(account, i, text);
  }
  text->Format(
      "{\"ph\":\"I\",\"pid\":1,\"tid\":0,\"ts\":%zu,\"s\":\"g\","
      "\"name\":",
      count);
  text->AppendJson(NameOf(account.outcome->verdict));
  text->Append("}\n]}\n");
}

}  // namespace reveille::explore
