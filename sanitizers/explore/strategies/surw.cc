#include "surw.h"

#include <string.h>

#include "random_walk.h"

namespace reveille::explore {
namespace {

// Every so often an execution is a plain random walk, to go on learning.
constexpr uint32_t kLearnOneIn = 8;

int Slot(int thread, int slots) { return thread < slots ? thread : slots - 1; }

}  // namespace

Surw::Profile* Surw::ProfileOf(uintptr_t object) {
  const uintptr_t granule = object >> 3;
  size_t slot = (granule * 0x9e3779b97f4a7c15) >> 32;
  for (;; ++slot) {
    uint16_t& index = slots_[slot % kSlots];
    if (index == 0) {
      if (profile_count_ == kObjects) return nullptr;
      index = static_cast<uint16_t>(++profile_count_);
      profiles_[index - 1].granule = granule;
    }
    if (profiles_[index - 1].granule == granule) return &profiles_[index - 1];
  }
}

bool Surw::Begin(uint64_t key) {
  random_ = Random(key);
  priorities_.Reset(&random_);
  operations_.Reset(&random_);
  intended_ = -1;
  seen_threads_ = 0;
  interest_count_ = 0;
  memset(left_, 0, sizeof left_);
  if (executions_++ > 0 && !random_.OneIn(kLearnOneIn)) PickInterests();
  return true;
}

void Surw::Learn(const ChoicePoint& at) {
  for (uint64_t rest = at.threads; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    const PendingEvent& event = at.pending[thread];
    const bool known = Contains(seen_threads_, thread);
    if (known && number_[thread] == event.number + 1) continue;
    seen_threads_ |= uint64_t{1} << thread;
    number_[thread] = event.number + 1;
    Profile* profile = ProfileOf(event.object);
    if (profile == nullptr) continue;
    profile->threads |= uint64_t{1} << thread;
    if (!OnlyLooks(event.kind)) ++profile->writes;
    ++profile->now[Slot(thread, kProfiled)];
  }
}

// How much there is to order: operations of the second busiest thread.
uint64_t Surw::WeightOf(const Profile& profile) const {
  if (IsInterest(profile.granule)) return 0;
  if ((profile.threads & (profile.threads - 1)) == 0) return 0;
  if (profile.writes == 0) return 0;
  uint64_t most = 0;
  uint64_t second = 0;
  for (uint16_t count : profile.last) {
    if (count > most) {
      second = most;
      most = count;
    } else if (count > second) {
      second = count;
    }
  }
  return second;
}

void Surw::PickInterest(uint64_t drawn) {
  for (const Profile& profile : profiles_) {
    const uint64_t weight = WeightOf(profile);
    if (drawn < weight) {
      interests_[interest_count_++] = profile.granule;
      for (int i = 0; i < kProfiled; ++i) left_[i] += profile.last[i];
      return;
    }
    drawn -= weight;
  }
}

void Surw::PickInterests() {
  do {
    uint64_t total = 0;
    for (const Profile& profile : profiles_) total += WeightOf(profile);
    if (total == 0) return;
    PickInterest(random_.Below(static_cast<uint32_t>(total)));
  } while (interest_count_ < most_interests_ && random_.OneIn(2));
}

bool Surw::IsInterest(uintptr_t granule) const {
  for (int i = 0; i < interest_count_; ++i) {
    if (interests_[i] == granule) return true;
  }
  return false;
}

int Surw::HighestThread(uint64_t threads, const PendingEvent* pending) {
  return rest_ == Rest::kThreadPriorities
             ? priorities_.HighestThread(threads, pending)
             : operations_.HighestThread(threads, pending);
}

uint64_t Surw::LeftOf(int thread) const {
  const uint64_t left = left_[Slot(thread, kProfiled)];
  return left == 0 ? 1 : left;
}

int Surw::DrawIntended(uint64_t threads, uint64_t seen) {
  uint64_t unborn = 0;
  for (int i = 0; i < kProfiled; ++i) {
    if (!Contains(seen, i)) unborn += left_[i];
  }
  uint64_t total = Contains(threads, 0) ? unborn : 0;
  for (uint64_t rest = threads; rest != 0; rest &= rest - 1) {
    total += LeftOf(__builtin_ctzll(rest));
  }
  uint64_t drawn = random_.Below(static_cast<uint32_t>(total));
  for (uint64_t rest = threads; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    const uint64_t weight = LeftOf(thread) + (thread == 0 ? unborn : 0);
    if (drawn < weight) return thread;
    drawn -= weight;
  }
  return __builtin_ctzll(threads);
}

uint32_t Surw::ChooseThread(const ChoicePoint& at) {
  if (intended_ < 0 || !Contains(at.threads, intended_)) {
    intended_ = DrawIntended(at.threads, seen_threads_);
  }
  uint64_t candidates = at.threads;
  while (candidates != 0) {
    const int thread = HighestThread(candidates, at.pending);
    const bool counts = IsInterest(at.pending[thread].object >> 3);
    if (!counts || thread == intended_) {
      if (counts) {
        uint16_t& left = left_[Slot(thread, kProfiled)];
        if (left > 0) --left;
        intended_ = -1;
      }
      operations_.Done(at, thread);
      return OptionOf(at.threads, thread);
    }
    candidates &= ~(uint64_t{1} << thread);
  }
  // Everybody is about to touch the object and the intended one cannot.
  intended_ = -1;
  const int thread = HighestThread(at.threads, at.pending);
  operations_.Done(at, thread);
  return OptionOf(at.threads, thread);
}

uint32_t Surw::Choose(const ChoicePoint& at) {
  if (at.tag != Tag::kThread) return ChooseOther(at, &random_);
  Learn(at);
  if (interest_count_ == 0) return random_.Below(at.count);
  return ChooseThread(at);
}

void Surw::End(const ExecutionSummary&) {
  for (Profile& profile : profiles_) {
    if (profile.granule == 0) continue;
    memcpy(profile.last, profile.now, sizeof profile.last);
    memset(profile.now, 0, sizeof profile.now);
  }
}

}  // namespace reveille::explore
