#include "verdict.h"

#include <string.h>

namespace reveille::explore {
namespace {

struct Description {
  const char* name;
  VerdictClass category;
};

constexpr Description kDescriptions[] = {
#define REVEILLE_VERDICT_DESCRIPTION(verdict, name, category) \
  {name, VerdictClass::category},
    REVEILLE_VERDICTS(REVEILLE_VERDICT_DESCRIPTION)
#undef REVEILLE_VERDICT_DESCRIPTION
};

}  // namespace

const char* NameOf(Verdict verdict) {
  return kDescriptions[static_cast<int>(verdict)].name;
}

VerdictClass ClassOf(Verdict verdict) {
  return kDescriptions[static_cast<int>(verdict)].category;
}

bool VerdictNamed(const char* name, Verdict* verdict) {
  int number = 0;
  for (const Description& description : kDescriptions) {
    if (strcmp(description.name, name) == 0) {
      *verdict = static_cast<Verdict>(number);
      return true;
    }
    ++number;
  }
  return false;
}

}  // namespace reveille::explore
