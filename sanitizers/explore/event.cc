#include "event.h"

namespace reveille::explore {
namespace {

struct Description {
  const char* word;
  bool only_looks;
};

constexpr Description kDescriptions[] = {
#define REVEILLE_EVENT_DESCRIPTION(kind, word, looks) {word, looks},
    REVEILLE_EVENT_KINDS(REVEILLE_EVENT_DESCRIPTION)
#undef REVEILLE_EVENT_DESCRIPTION
};

}  // namespace

const char* WordFor(Kind kind) {
  return kDescriptions[static_cast<int>(kind)].word;
}

bool OnlyLooks(Kind kind) {
  return kDescriptions[static_cast<int>(kind)].only_looks;
}

}  // namespace reveille::explore
