#include "event.h"

namespace reveille::explore {
namespace {

constexpr const char* kWords[] = {
#define REVEILLE_EVENT_WORD(kind, word, looks) word,
    REVEILLE_EVENT_KINDS(REVEILLE_EVENT_WORD)
#undef REVEILLE_EVENT_WORD
};

}  // namespace

const char* WordFor(Kind kind) { return kWords[static_cast<int>(kind)]; }

}  // namespace reveille::explore
