#include "missed_wakeup.h"

namespace reveille::explore {

bool IsWakeup(Kind kind) {
  return kind == Kind::kSignal || kind == Kind::kBroadcast ||
         kind == Kind::kFutexWake || kind == Kind::kSemaphorePost ||
         kind == Kind::kFileWrite;
}

bool IsWaitForWakeup(Kind kind) {
  return kind == Kind::kConditionWait || kind == Kind::kFutexWait ||
         kind == Kind::kSemaphoreWait || kind == Kind::kFileRead ||
         kind == Kind::kEpollWait || kind == Kind::kPoll;
}

namespace {

// How far from a change a thread's decision about it may lie, in its own
// steps.
constexpr int kStepsAfter = 300;
constexpr int kStepsBefore = 50;
// How far it may lie from a look for sleepers that belongs to it, and how many
// looks before an announcement may be what it came too late for.
constexpr int kStepsOfDecision = 20;
constexpr int kLooksBefore = 50;
constexpr size_t kMostLooks = 1000;

int FirstThreadIn(uint64_t threads) {
  return threads == 0 ? -1 : __builtin_ctzll(threads);
}

// Of equals the one about the later change: the end came about from there.
uint32_t TimeOf(const MissedWakeup& missed) {
  return missed.changed_at == kNoStep ? 0 : missed.changed_at + 1;
}

bool BeginsAWait(const Step& step) {
  return step.blocks && IsWaitForWakeup(step.kind);
}

class Inquiry {
 public:
  Inquiry(const Buffer<Step>& steps, const Links& links, uint32_t told_from,
          int sleeper)
      : steps_(steps), links_(links), sleeper_(sleeper) {
    wait_ = links.LastOf(sleeper);
    if (wait_ == kNoStep) return;
    // A wait that was announced but never done is told at the very end.
    asleep_ = wait_;
    if (wait_ >= told_from && links[wait_].own_before != kNoStep) {
      asleep_ = links[wait_].own_before;
    }
  }

  bool IsAboutAWakeup() const {
    return wait_ != kNoStep && BeginsAWait(steps_[wait_]);
  }
  MissedWakeup Answer();

 private:
  void CollectOwnSteps();
  void ConsiderLooks();
  void Consider(uint32_t look, uint32_t change);
  void ConsiderWakeups();
  void ConsiderAnnouncements();
  void ConsiderLookFor(uint32_t look, uint32_t announced);
  bool IsUnseen(uint32_t change) const;
  uint32_t LookBefore(uint32_t change) const;
  bool WakesAfter(uint32_t look) const;
  uint32_t ExpectedAt(uint32_t look) const;
  // What the thread that made `missed->changed_at` did about it.
  void FollowChanger(MissedWakeup* missed) const;
  bool SettleWakeup(uint32_t wakeup, MissedWakeup* missed) const;
  bool SettleLook(uint32_t look, MissedWakeup* missed) const;
  void LookBackFromChange(MissedWakeup* missed) const;
  // The first change of `thing` by the sleeper between `after` and its sleep.
  uint32_t AnnouncementAfter(uint32_t after, uint32_t thing) const;
  bool IsWakeupOfTheWait(uint32_t index) const;
  int TakerAfter(uint32_t post) const;
  int Weigh(const MissedWakeup& missed) const;
  void Keep(MissedWakeup missed);

  const Buffer<Step>& steps_;
  const Links& links_;
  const int sleeper_;
  uint32_t wait_ = kNoStep;
  uint32_t asleep_ = kNoStep;
  uint32_t awake_since_ = 0;
  Buffer<uint32_t> own_{kMostLooks};  // the sleeper's steps, last first
  MissedWakeup best_;
};

// Back to its last sleep.
void Inquiry::CollectOwnSteps() {
  for (uint32_t at = links_[wait_].own_before; at != kNoStep;
       at = links_[at].own_before) {
    if (BeginsAWait(steps_[at])) break;
    awake_since_ = at;
    if (!own_.Push(at)) break;
  }
}

bool Inquiry::IsWakeupOfTheWait(uint32_t index) const {
  return IsWakeup(steps_[index].kind) &&
         steps_[index].object == steps_[wait_].object;
}

// Who took what a semaphore or descriptor got by `post`.
int Inquiry::TakerAfter(uint32_t post) const {
  for (size_t i = post + 1; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    const bool takes = step.kind == Kind::kSemaphoreWait ||
                       step.kind == Kind::kSemaphoreTryWait ||
                       step.kind == Kind::kFileRead;
    if (takes && step.object == steps_[post].object && !step.failed &&
        step.effect == Effect::kChanged) {
      return step.thread;
    }
  }
  return -1;
}

bool Inquiry::SettleWakeup(uint32_t wakeup, MissedWakeup* missed) const {
  const Step& step = steps_[wakeup];
  if (((step.reached >> sleeper_) & 1) != 0) return false;
  missed->wakeup_at = wakeup;
  missed->consumer = FirstThreadIn(step.reached);
  if (missed->consumer < 0) missed->consumer = TakerAfter(wakeup);
  if (wakeup < asleep_) {
    missed->miss = Miss::kBeforeTheWait;
  } else if (missed->consumer >= 0) {
    missed->miss = Miss::kConsumed;
  } else {
    return false;
  }
  return true;
}

uint32_t Inquiry::AnnouncementAfter(uint32_t after, uint32_t thing) const {
  uint32_t first = kNoStep;
  for (uint32_t own : own_) {
    if (own < after) break;
    if (links_[own].thing == thing && steps_[own].effect == Effect::kChanged &&
        !IsLockOperation(steps_[own].kind)) {
      first = own;
    }
  }
  return first;
}

bool Inquiry::SettleLook(uint32_t look, MissedWakeup* missed) const {
  const Step& step = steps_[look];
  const uint32_t thing = links_[look].thing;
  if (step.effect != Effect::kSaw || thing == 0 ||
      thing == links_[missed->changed_at].thing || BeginsAWait(step)) {
    return false;
  }
  const uint32_t announced = AnnouncementAfter(look, thing);
  if (announced == kNoStep) return false;
  missed->miss = Miss::kFiltered;
  missed->waker_looked_at = look;
  missed->announced_at = announced;
  return true;
}

// Looked first, published then: the look cannot have seen who slept in between.
void Inquiry::LookBackFromChange(MissedWakeup* missed) const {
  int left = kStepsBefore;
  for (uint32_t at = links_[missed->changed_at].own_before;
       at != kNoStep && left > 0; at = links_[at].own_before, --left) {
    if (BeginsAWait(steps_[at])) return;
    if (SettleLook(at, missed)) return;
  }
}

void Inquiry::FollowChanger(MissedWakeup* missed) const {
  const uint8_t changer = steps_[missed->changed_at].thread;
  MissedWakeup filtered = *missed;
  int left = kStepsAfter;
  for (size_t i = missed->changed_at + 1; i < steps_.size() && left > 0; ++i) {
    const uint32_t at = static_cast<uint32_t>(i);
    if (steps_[i].thread != changer) continue;
    --left;
    if (IsWakeupOfTheWait(at)) {
      if (SettleWakeup(at, missed)) return;
      break;
    }
    if (BeginsAWait(steps_[i])) break;
    if (filtered.miss == Miss::kUnknown) SettleLook(at, &filtered);
  }
  *missed = filtered;
  if (missed->miss == Miss::kUnknown) LookBackFromChange(missed);
}

int Inquiry::Weigh(const MissedWakeup& missed) const {
  int weight = 0;
  const bool after = missed.waker_looked_at != kNoStep &&
                     missed.waker_looked_at > missed.changed_at;
  if (missed.miss == Miss::kFiltered) weight += after ? 5 : 3;
  if (missed.miss == Miss::kBeforeTheWait) weight += 4;
  if (missed.miss == Miss::kConsumed) weight += 5;
  if (missed.changed_at == kNoStep) return weight;
  if (missed.unseen) weight += links_.IsReturn(missed.changed_at) ? 2 : 4;
  if (missed.changed_at < asleep_) weight += 1;
  return weight;
}

void Inquiry::Keep(MissedWakeup missed) {
  // Things change while a thread sleeps; that alone is no reason to wake it.
  // And what others make of its own last change is not what it slept on.
  const bool looked = missed.looked_at == kNoStep ||
                      steps_[missed.looked_at].effect != Effect::kChanged;
  const bool late = missed.changed_at > asleep_;
  if (missed.miss == Miss::kUnknown && (late || !looked)) return;
  missed.weight = Weigh(missed);
  if (IsBetter(missed, best_)) best_ = missed;
}

void Inquiry::Consider(uint32_t look, uint32_t change) {
  MissedWakeup missed;
  missed.sleeper = sleeper_;
  missed.slept_at = wait_;
  missed.looked_at = look;
  missed.changed_at = change;
  missed.unseen =
      !links_.WasSeen(change) && links_[change].overwritten_by == kNoStep;
  const Step& wait = steps_[wait_];
  const bool word = wait.kind == Kind::kFutexWait &&
                    links_[look].thing == links_[wait_].thing;
  if (word && change < wait_) {
    missed.returned_at = links_[wait_].written_by;
    missed.expected_at = ExpectedAt(look);
    // The wait itself has seen the word, but not that it had changed.
    missed.unseen = false;
  }
  FollowChanger(&missed);
  Keep(missed);
}

// The last look at each thing, if somebody changed it afterwards.
void Inquiry::ConsiderLooks() {
  Buffer<uint32_t> things(kMostLooks + 1);
  const auto is_first = [&things](uint32_t thing) {
    for (uint32_t known : things) {
      if (known == thing) return false;
    }
    things.Push(thing);
    return true;
  };
  const auto try_look = [&](uint32_t look) {
    const Link& link = links_[look];
    const Step& step = steps_[look];
    if (link.thing == 0 || IsLockOperation(step.kind)) return;
    if (!is_first(link.thing) || !HasMemoryValue(step)) return;
    if (step.kind == Kind::kStore) return;
    if (link.overwritten_by != kNoStep) Consider(look, link.overwritten_by);
  };
  for (uint32_t own : own_) try_look(own);
  try_look(wait_);
}

// Wakeups count also where nothing of what they are about can be seen.
void Inquiry::ConsiderWakeups() {
  for (size_t i = awake_since_; i < steps_.size(); ++i) {
    const uint32_t at = static_cast<uint32_t>(i);
    if (!IsWakeupOfTheWait(at) || steps_[i].thread == sleeper_) continue;
    MissedWakeup missed;
    missed.sleeper = sleeper_;
    missed.slept_at = wait_;
    if (SettleWakeup(at, &missed)) Keep(missed);
  }
}

bool Inquiry::IsUnseen(uint32_t change) const {
  return links_.IsLastChange(change) && !links_.WasSeen(change);
}

// Where the sleeper saw, before `look`, what its wait then expected.
uint32_t Inquiry::ExpectedAt(uint32_t look) const {
  for (uint32_t own : own_) {
    const Step& step = steps_[own];
    if (own >= look || links_[own].thing != links_[look].thing) continue;
    const uint64_t value =
        step.effect == Effect::kChanged ? step.after : step.before;
    if (value == steps_[wait_].before) return own;
  }
  return kNoStep;
}

// The sleeper's last look at what `change` changed.
uint32_t Inquiry::LookBefore(uint32_t change) const {
  for (uint32_t own : own_) {
    if (own < change && links_[own].thing == links_[change].thing) return own;
  }
  return kNoStep;
}

// Whether the thread that looked went on to wake who waits there.
bool Inquiry::WakesAfter(uint32_t look) const {
  int left = kStepsAfter;
  for (size_t i = look + 1; i < steps_.size() && left > 0; ++i) {
    if (steps_[i].thread != steps_[look].thread) continue;
    --left;
    if (IsWakeupOfTheWait(static_cast<uint32_t>(i))) return true;
    if (BeginsAWait(steps_[i])) return false;
  }
  return false;
}

// Whether a thread that found nobody here had just left something behind that
// nobody has looked at ever since.
void Inquiry::ConsiderLookFor(uint32_t look, uint32_t announced) {
  if (WakesAfter(look)) return;
  int left = kStepsOfDecision;
  for (uint32_t at = links_[look].own_before; at != kNoStep && left > 0;
       at = links_[at].own_before, --left) {
    const Step& step = steps_[at];
    if (BeginsAWait(step)) return;
    const uint32_t thing = links_[at].thing;
    if (step.effect != Effect::kChanged || !HasMemoryValue(step) ||
        thing == links_[look].thing || !links_.IsShared(thing) ||
        !IsUnseen(at)) {
      continue;
    }
    MissedWakeup missed;
    missed.miss = Miss::kFiltered;
    missed.sleeper = sleeper_;
    missed.slept_at = wait_;
    missed.looked_at = LookBefore(at);
    missed.changed_at = at;
    missed.unseen = true;
    missed.waker_looked_at = look;
    missed.announced_at = announced;
    return Keep(missed);
  }
}

// From what the sleeper announced to who looked for it just before.
void Inquiry::ConsiderAnnouncements() {
  for (uint32_t own : own_) {
    const Step& step = steps_[own];
    if (step.effect != Effect::kChanged || !HasMemoryValue(step)) continue;
    int left = kLooksBefore;
    for (uint32_t at = links_[own].thing_before; at != kNoStep && left > 0;
         at = links_[at].thing_before, --left) {
      const bool own_change = steps_[at].thread == sleeper_ &&
                              steps_[at].effect == Effect::kChanged;
      if (own_change) break;
      const bool looks = steps_[at].thread != sleeper_ &&
                         steps_[at].effect == Effect::kSaw &&
                         !BeginsAWait(steps_[at]);
      if (looks) ConsiderLookFor(at, own);
    }
  }
}

MissedWakeup Inquiry::Answer() {
  best_.sleeper = sleeper_;
  best_.slept_at = wait_;
  CollectOwnSteps();
  ConsiderWakeups();
  ConsiderLooks();
  ConsiderAnnouncements();
  if (best_.miss != Miss::kUnknown) return best_;
  for (size_t i = awake_since_; i < steps_.size(); ++i) {
    if (IsWakeupOfTheWait(static_cast<uint32_t>(i))) return best_;
  }
  best_.miss = Miss::kNobodyTried;
  return best_;
}

}  // namespace

bool IsBetter(const MissedWakeup& a, const MissedWakeup& b) {
  return a.weight != b.weight ? a.weight > b.weight : TimeOf(a) > TimeOf(b);
}

bool ExplainMiss(const Buffer<Step>& steps, const Links& links,
                 uint32_t told_from, int sleeper, MissedWakeup* missed) {
  Inquiry inquiry(steps, links, told_from, sleeper);
  if (!inquiry.IsAboutAWakeup()) return false;
  *missed = inquiry.Answer();
  return true;
}

}  // namespace reveille::explore
