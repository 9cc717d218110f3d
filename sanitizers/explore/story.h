// An execution as a person would tell it.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STORY_H_
#define REVEILLE_SANITIZERS_EXPLORE_STORY_H_

#include "aftermath.h"
#include "execution_limits.h"
#include "history.h"
#include "symbolize.h"
#include "text.h"

namespace reveille::explore {

// Everything that is known about one execution.
struct Account {
  const Outcome* outcome;
  const History* history;
  const Aftermath* aftermath;
  const Symbolizer* symbolizer;
};

// Notes every address that a story or trace of `history` will mention.
void WantPlaces(const History& history, Symbolizer* symbolizer);

// The operations that matter, who sleeps for good, and which wakeup was missed
// by whom and why.
void TellStory(const Account& account, Text* text);

// The same for Perfetto and chrome://tracing: a lane per thread, an arrow per
// wakeup. One step is one microsecond.
void TellTrace(const Account& account, Text* text);

// "reads atomic 4: 0", and what came of it.
void AppendOperation(const Account& account, const Step& step, Text* text);
// The user's place of a step, in one line.
void AppendPlace(const Account& account, const Step& step, Text* text);
// "thread 2 (worker)".
void AppendThread(const Account& account, int thread, Text* text);
// "mutex 4": what kind of thing an object is, from how it is used.
void AppendObject(const Account& account, const Step& step, Text* text);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STORY_H_
