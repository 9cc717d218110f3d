// Names for objects, taken from the source lines that touch them.
#ifndef REVEILLE_SANITIZERS_EXPLORE_THING_NAMES_H_
#define REVEILLE_SANITIZERS_EXPLORE_THING_NAMES_H_

#include "links.h"
#include "symbolize.h"
#include "text.h"

namespace reveille::explore {

class ThingNames {
 public:
  // The symbolizer has read the sources.
  ThingNames(const Buffer<Step>& steps, const Links& links,
             const Symbolizer& symbolizer);

  // "idle_", "ring_ #4" when there are several of that name, or "" for a thing
  // that the source does not name.
  void Append(uint32_t thing, Text* text) const;
  bool HasName(uint32_t thing) const { return names_[thing].word[0] != 0; }
  // Its number in the order of first use: what it is called without a source.
  uint32_t NumberOf(uint32_t thing) const { return names_[thing].number; }

 private:
  struct Name {
    const char* word;
    uintptr_t object;
    uint64_t threads;  // that touched it
    uint32_t number;
    bool is_shared_word;  // another object has the same name
  };

  void MarkRepeatedWords();

  Buffer<Name> names_{History::kMostSteps + 1};
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_THING_NAMES_H_
