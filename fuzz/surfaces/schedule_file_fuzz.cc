// Schedule files, as `reveille replay` reads them.
//
// The first byte says what the rest is: the file; a file whose checksum is to
// be added, or hardly any input would get past it; or the choices of a schedule
// that is written and read back.
#include <cstring>
#include <string>

#include "fuzz/input.h"
#include "fuzz/surfaces/clear_error.h"
#include "sanitizers/explore/schedule.h"
#include "sanitizers/explore/verdict.h"

namespace reveille::fuzz {
namespace {

using explore::Choice;
using explore::Schedule;
using explore::Text;

#define REVEILLE_FUZZ_ONE(verdict, name, category) +1
constexpr uint32_t kVerdicts = 0 REVEILLE_VERDICTS(REVEILLE_FUZZ_ONE);
#undef REVEILLE_FUZZ_ONE

bool Same(const Schedule& a, const Schedule& b) {
  const auto& x = a.limits;
  const auto& y = b.limits;
  if (a.choices.size() != b.choices.size()) return false;
  for (size_t i = 0; i < a.choices.size(); ++i) {
    const Choice& p = a.choices[i];
    const Choice& q = b.choices[i];
    if (p.tag != q.tag || p.value != q.value) return false;
  }
  return a.program == b.program && a.hash == b.hash && a.verdict == b.verdict &&
         std::strcmp(a.label, b.label) == 0 && x.max_steps == y.max_steps &&
         x.spin_rounds == y.spin_rounds && x.early_timers == y.early_timers &&
         x.spurious_wakeups == y.spurious_wakeups &&
         x.plain_accesses == y.plain_accesses &&
         x.after_rescue == y.after_rescue;
}

void WriteAndReadBack(const Schedule& schedule) {
  Text text;
  explore::PrintSchedule(schedule, &text);
  Schedule again;
  Text error(4096);
  Promise(explore::ParseSchedule(text.c_str(), text.size(), &again, &error),
          "what was written can be read");
  Promise(Same(schedule, again), "what is read is what was written");
}

void Read(const char* bytes, size_t size) {
  Schedule schedule;
  Text error(4096);
  if (!explore::ParseSchedule(bytes, size, &schedule, &error)) {
    return PromiseClearError(std::string_view(error.c_str()));
  }
  const explore::ExecutionLimits& limits = schedule.limits;
  Promise(limits.early_timers >= 0 && limits.spurious_wakeups >= 0,
          "there are no fewer than none");
  WriteAndReadBack(schedule);
}

void ReadSealed(std::string_view body) {
  Text text;
  text.Append(body.data(), body.size());
  explore::SealSchedule(&text);
  Read(text.c_str(), text.size());
}

void Draw(Input* in) {
  Schedule schedule;
  schedule.program = in->Word();
  schedule.hash = in->Word();
  schedule.verdict = static_cast<explore::Verdict>(in->Below(kVerdicts));
  schedule.limits.max_steps = 1 + in->Word(5);
  schedule.limits.spin_rounds = static_cast<uint32_t>(in->Word(4));
  schedule.limits.early_timers = static_cast<int>(in->Word(2));
  schedule.limits.spurious_wakeups = static_cast<int>(in->Word(2));
  schedule.limits.plain_accesses = in->Flag();
  schedule.limits.after_rescue = in->Flag();
  // Of any bytes that a line can hold.
  const size_t length = in->Word(2) % sizeof schedule.label;
  for (size_t i = 0; i < length; ++i) {
    const char c = static_cast<char>(in->Byte());
    if (c != 0 && c != '\n') schedule.label[i] = c;
    if (schedule.label[i] == 0) break;
  }
  while (!in->Empty()) {
    Choice choice;
    choice.tag = static_cast<uint8_t>("twsbru"[in->Below(6)]);
    choice.value = static_cast<uint32_t>(in->Word(3)) & 0xffffff;
    for (uint32_t i = 0; i <= in->Below(4); ++i) schedule.choices.Push(choice);
  }
  WriteAndReadBack(schedule);
}

}  // namespace
}  // namespace reveille::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reveille::fuzz::Input input(data, size);
  const uint8_t kind = input.Byte();
  if (kind % 3 == 2) {
    reveille::fuzz::Draw(&input);
    return 0;
  }
  const std::string_view rest = input.Rest();
  if (kind % 3 == 0) {
    reveille::fuzz::Read(rest.data(), rest.size());
  } else {
    reveille::fuzz::ReadSealed(rest);
  }
  return 0;
}
