// An execution as a person would tell it.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STORY_H_
#define REVEILLE_SANITIZERS_EXPLORE_STORY_H_

#include "account.h"

namespace reveille::explore {

// The verdict, who cannot go on, which wakeup was missed by whom and why, and
// the operations that matter. Fits on a screen.
void TellStory(const Account& account, Text* text);

// Every step, for Perfetto and chrome://tracing: a lane per thread and per
// worker of the pool, an arrow per wakeup, a mark where one was missed. One
// step is one microsecond.
void TellTrace(const Account& account, Text* text);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STORY_H_
