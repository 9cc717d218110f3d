// The trace of an execution in the JSON format of Chrome and Perfetto.
#include "choice.h"
#include "missed_wakeup.h"
#include "story.h"

namespace reveille::explore {
namespace {

void AppendLane(const Account& account, int thread, Text* text) {
  Text name(256);
  AppendThread(account, thread, &name);
  text->Format(
      "{\"ph\":\"M\",\"pid\":1,\"tid\":%d,\"name\":\"thread_name\","
      "\"args\":{\"name\":",
      thread);
  text->AppendJson(name.c_str());
  text->Append("}},\n");
}

void AppendSlice(const Account& account, size_t index, Text* text) {
  const Step& step = account.history->steps()[index];
  Text name(512);
  AppendOperation(account, static_cast<uint32_t>(index), &name);
  Text place(2048);
  AppendPlace(account, static_cast<uint32_t>(index), &place);
  text->Format(
      "{\"ph\":\"X\",\"pid\":1,\"tid\":%d,\"ts\":%zu,\"dur\":1,"
      "\"name\":",
      step.thread, index);
  text->AppendJson(name.c_str());
  text->Append(",\"args\":{\"where\":");
  text->AppendJson(place.c_str());
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
  for (uint64_t rest = account.aftermath->seen; rest != 0; rest &= rest - 1) {
    AppendLane(account, __builtin_ctzll(rest), text);
  }
  const size_t count = account.history->steps().size();
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
