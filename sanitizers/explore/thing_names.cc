#include "thing_names.h"

#include <string.h>

#include "account.h"
#include "random.h"

namespace reveille::explore {
namespace {

// Who calls pthread_mutex_lock(&mutex) names it in the argument.
bool IsNamedByArgument(Kind kind) {
  switch (kind) {
    case Kind::kLock:
    case Kind::kTryLock:
    case Kind::kUnlock:
    case Kind::kReadLock:
    case Kind::kTryReadLock:
    case Kind::kConditionWait:
    case Kind::kSignal:
    case Kind::kBroadcast:
    case Kind::kSemaphoreWait:
    case Kind::kSemaphoreTryWait:
    case Kind::kSemaphorePost:
    case Kind::kBarrierWait:
      return true;
    default:
      return false;
  }
}

const char* WordIn(const Place& place, Kind kind) {
  if (place.is_library) return "";
  if (place.receiver[0] != 0) return place.receiver;
  return IsNamedByArgument(kind) ? place.argument : "";
}

uint64_t DigestOf(const char* word) {
  uint64_t digest = 1;
  for (; *word != 0; ++word) {
    digest = Scatter(digest ^ static_cast<unsigned char>(*word));
  }
  return digest;
}

}  // namespace

ThingNames::ThingNames(const Buffer<Step>& steps, const Links& links,
                       const Symbolizer& symbolizer) {
  names_.Push({"", 0, 0, 0, false});
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const uint32_t thing = links[i].thing;
    if (thing == 0) continue;
    while (names_.size() <= thing) names_.Push({"", 0, 0, 0, false});
    Name& name = names_[thing];
    name.object = step.object;
    name.threads |= uint64_t{1} << step.thread;
    if (name.number == 0) name.number = step.name;
    if (name.word[0] != 0) continue;
    name.word = WordIn(InnermostPlaceOf(symbolizer, step), step.kind);
  }
  MarkRepeatedWords();
}

void ThingNames::MarkRepeatedWords() {
  struct Use {
    const char* word;
    uint32_t thing;
  };
  constexpr size_t kSlots = History::kMostSteps * 2;
  Buffer<Use> uses(kSlots);
  for (uint32_t i = 1; i < names_.size(); ++i) {
    Name& name = names_[i];
    const bool shared = (name.threads & (name.threads - 1)) != 0;
    if (name.word[0] == 0 || !shared) continue;
    size_t slot = DigestOf(name.word) % kSlots;
    while (uses[slot].word != nullptr &&
           strcmp(uses[slot].word, name.word) != 0) {
      slot = (slot + 1) % kSlots;
    }
    Use& use = uses[slot];
    if (use.word == nullptr) {
      use = {name.word, i};
    } else if (names_[use.thing].object != name.object) {
      name.is_shared_word = names_[use.thing].is_shared_word = true;
    }
  }
}

void ThingNames::Append(uint32_t thing, Text* text) const {
  const Name& name = names_[thing];
  text->Append(name.word);
  if (name.is_shared_word) text->Format(" #%u", name.number);
}

}  // namespace reveille::explore
