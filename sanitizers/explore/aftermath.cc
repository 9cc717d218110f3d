#include "aftermath.h"

#include <string.h>

#include "execution.h"

namespace reveille::explore {
namespace {

constinit Aftermath* g_aftermath = nullptr;

// A wait that never ended was announced but never done; the story wants it.
void TellLastWait(const Fiber& fiber) {
  Execution& x = g_execution;
  if ((x.waiting & fiber.bit) == 0) return;
  if (fiber.waiting.ready == &IsWoken) return;  // told when it began
  x.history->Add(&fiber, PendingOf(&fiber));
  x.history->Blocked();
}

void Record() {
  Execution& x = g_execution;
  *g_aftermath = {};
  g_aftermath->seen = x.ever_used;
  g_aftermath->spinning = x.spinning;
  g_aftermath->told_from = static_cast<uint32_t>(x.history->steps().size());
  for (uint64_t rest = x.ever_used; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    const Fiber& fiber = x.fibers[thread];
    memcpy(g_aftermath->names[thread], fiber.name, sizeof fiber.name);
    if ((x.alive & fiber.bit) == 0) continue;
    if ((x.enabled & fiber.bit) != 0) continue;
    g_aftermath->stuck |= fiber.bit;
    TellLastWait(fiber);
  }
}

}  // namespace

void KeepHistory(History* history, Aftermath* aftermath) {
  g_execution.history = history;
  g_aftermath = aftermath;
  g_execution.at_end = history == nullptr ? nullptr : &Record;
}

}  // namespace reveille::explore
