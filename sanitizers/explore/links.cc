#include "links.h"

#include "choice.h"
#include "random.h"

namespace reveille::explore {
namespace {

constexpr size_t kSlots = History::kMostSteps * 2;

// What is known about an address on the way through the steps.
struct AtAddress {
  uintptr_t object;
  uint64_t value;
  uint32_t thing;
  bool known;  // the value
};

// From addresses to what is known about them; open addressing.
class AddressMap {
 public:
  AddressMap() : slots_(kSlots) {}
  AtAddress* At(uintptr_t object) {
    size_t slot = Scatter(object) % kSlots;
    while (slots_[slot].object != 0 && slots_[slot].object != object) {
      slot = (slot + 1) % kSlots;
    }
    return &slots_[slot];
  }

 private:
  Buffer<AtAddress> slots_;
};

// Accesses of different widths agree as far as the narrower one goes.
bool Agree(uint64_t a, uint64_t b) {
  return static_cast<uint32_t>(a) == static_cast<uint32_t>(b);
}

}  // namespace

bool HasMemoryValue(const Step& step) {
  const bool is_memory =
      step.kind == Kind::kLoad || step.kind == Kind::kStore ||
      step.kind == Kind::kReadModifyWrite ||
      step.kind == Kind::kCompareExchange || step.kind == Kind::kFutexWait;
  return is_memory && step.effect != Effect::kNone;
}

bool HasObject(Kind kind) {
  switch (kind) {
    case Kind::kCreate:
    case Kind::kJoin:
    case Kind::kStart:
    case Kind::kExit:
    case Kind::kSleep:
    case Kind::kCrash:
    case Kind::kSilent:
    case Kind::kFail:
    case Kind::kSubmit:
    case Kind::kStartTask:
    case Kind::kFinishTask:
    case Kind::kYield:
      return false;
    default:
      return true;
  }
}

bool IsLockOperation(Kind kind) {
  return kind == Kind::kLock || kind == Kind::kTryLock ||
         kind == Kind::kUnlock || kind == Kind::kReadLock ||
         kind == Kind::kTryReadLock;
}

Links::Links(const Buffer<Step>& steps) : steps_(steps) {
  for (uint32_t& last : last_of_) last = kNoStep;
  NameThings();
  LinkForwards();
  LinkBackwards();
}

void Links::NameThings() {
  AddressMap map;
  first_value_.Push(0);
  for (const Step& step : steps_) {
    Link link = {0, kNoStep, kNoStep, kNoStep, kNoStep, false};
    if (HasObject(step.kind) && step.object != 0) {
      AtAddress* at = map.At(step.object);
      const bool anew =
          at->known && HasMemoryValue(step) && !Agree(at->value, step.before);
      if (at->object == 0 || anew) {
        at->thing = ++things_;
        first_value_.Push(step.before);
      }
      at->object = step.object;
      link.thing = at->thing;
      if (HasMemoryValue(step)) {
        at->known = true;
        at->value = step.effect == Effect::kChanged ? step.after : step.before;
      }
    }
    links_.Push(link);
    seen_.Push(0);
  }
}

void Links::LinkForwards() {
  struct AtThing {
    uint32_t last;
    uint32_t last_change;
    uint64_t up_to_date;  // threads that have seen the last change
  };
  Buffer<AtThing> things(things_ + 1);
  for (uint32_t i = 0; i <= things_; ++i) things.Push({kNoStep, kNoStep, 0});
  for (uint32_t i = 0; i <= things_; ++i) threads_.Push(0);
  for (uint32_t i = 0; i < links_.size(); ++i) {
    const Step& step = steps_[i];
    Link& link = links_[i];
    link.own_before = last_of_[step.thread];
    last_of_[step.thread] = i;
    if (link.thing == 0) continue;
    AtThing& thing = things[link.thing];
    const uint64_t bit = uint64_t{1} << step.thread;
    threads_[link.thing] |= bit;
    link.thing_before = thing.last;
    link.written_by = thing.last_change;
    const bool foreign = thing.last_change != kNoStep &&
                         steps_[thing.last_change].thread != step.thread;
    link.is_news = foreign && (thing.up_to_date & bit) == 0;
    if (foreign && step.effect == Effect::kSaw) {
      seen_[thing.last_change] = kLookedAt;
    } else if (foreign && step.kind != Kind::kStore &&
               seen_[thing.last_change] == kUnseen) {
      seen_[thing.last_change] = kMet;
    }
    thing.last = i;
    thing.up_to_date |= bit;
    if (step.effect != Effect::kChanged) continue;
    thing.last_change = i;
    thing.up_to_date = bit;
  }
  for (const AtThing& thing : things) last_change_.Push(thing.last_change);
}

void Links::LinkBackwards() {
  // The nearest change after here, and the nearest by somebody else than its
  // thread.
  struct Ahead {
    uint32_t nearest;
    uint32_t nearest_other;
  };
  Buffer<Ahead> things(things_ + 1);
  for (uint32_t i = 0; i <= things_; ++i) things.Push({kNoStep, kNoStep});
  for (size_t i = links_.size(); i > 0; --i) {
    const uint32_t index = static_cast<uint32_t>(i - 1);
    const Step& step = steps_[index];
    Link& link = links_[index];
    if (link.thing == 0) continue;
    Ahead& ahead = things[link.thing];
    const bool own =
        ahead.nearest != kNoStep && steps_[ahead.nearest].thread == step.thread;
    link.overwritten_by = own ? ahead.nearest_other : ahead.nearest;
    if (step.effect != Effect::kChanged) continue;
    if (!own) ahead.nearest_other = ahead.nearest;
    ahead.nearest = index;
  }
}

bool Links::IsReturn(uint32_t change) const {
  return HasMemoryValue(steps_[change]) &&
         steps_[change].after == first_value_[links_[change].thing];
}

uint32_t Links::WakerOf(size_t wait) const {
  const uint64_t sleeper = uint64_t{1} << steps_[wait].thread;
  for (size_t i = wait + 1; i < steps_.size(); ++i) {
    if ((steps_[i].reached & sleeper) != 0) return static_cast<uint32_t>(i);
    if (steps_[i].thread == steps_[wait].thread) break;
  }
  return kNoStep;
}

uint32_t Links::CreatorOf(int thread) const {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].kind == Kind::kCreate &&
        ThreadObject(thread) == steps_[i].object) {
      return static_cast<uint32_t>(i);
    }
  }
  return kNoStep;
}

}  // namespace reveille::explore
