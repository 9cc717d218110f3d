// Everything that is known about one execution, and how its details are put
// into words.
#ifndef REVEILLE_SANITIZERS_EXPLORE_ACCOUNT_H_
#define REVEILLE_SANITIZERS_EXPLORE_ACCOUNT_H_

#include "aftermath.h"
#include "execution_limits.h"
#include "history.h"
#include "links.h"
#include "symbolize.h"
#include "text.h"
#include "thing_names.h"

namespace reveille::explore {

struct Account {
  const Outcome* outcome;
  const History* history;
  const Aftermath* aftermath;
  const Symbolizer* symbolizer;
  const Links* links;
  const ThingNames* names;

  const Buffer<Step>& steps() const { return history->steps(); }
};

// Notes every address that a story or trace of `history` will mention.
void WantPlaces(const History& history, Symbolizer* symbolizer);

// Where a step is, for a reader: the innermost function of the user's that is
// more than an accessor.
Place TellingPlaceOf(const Symbolizer& symbolizer, const Step& step);
// The same, accessors included.
Place InnermostPlaceOf(const Symbolizer& symbolizer, const Step& step);

// "reads idle_: 0", and what came of it.
void AppendOperation(const Account& account, uint32_t step, Text* text);
// "idle_", or "atomic 4" where the source does not name it.
void AppendObject(const Account& account, uint32_t step, Text* text);
// ": 0 -> 1".
void AppendEffect(const Step& step, Text* text);
// What a step saw or wrote.
void AppendValue(uint64_t value, Text* text);
// "pool.cc:12 in Pool::Submit".
void AppendPlace(const Account& account, uint32_t step, Text* text);
// "pool.cc:12 Submit: if (idle_.load() == 0) return;" with at most `most`
// characters of code.
void AppendPlaceAndCode(const Account& account, uint32_t step, size_t most,
                        Text* text);
// "thread 2 (worker)".
void AppendThread(const Account& account, int thread, Text* text);
// "step 12".
void AppendStepNumber(uint32_t step, Text* text);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_ACCOUNT_H_
