// A plan: the schedule that a fuzzer mutates.
//
// A base answers every choice, keyed by a seed; a few departures say where it
// is to be different. Both name a moment by the thread that runs and its count
// of operations, and never by how many choices came before: so a change in one
// place leaves all others as they were, as far as they are still reached. A
// fuzzer's changes stay small, and every plan is a valid schedule.
//
// Besides, it keeps moments of the last execution, those above all at which the
// order of two threads mattered: that is where departures are worth trying.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PLANNED_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PLANNED_H_

#include "../random.h"
#include "../strategy.h"
#include "focus.h"

namespace reveille::explore {

// Who runs where nothing is said.
enum class PlanBase : uint8_t {
  kStay,        // the running thread as long as it can; then any
  kWalk,        // any thread, each time
  kLazyWalk,    // as kWalk, but mostly the running thread
  kPriorities,  // a random priority per thread, lowered now and then
  kOperations,  // a random priority per operation, redrawn by what conflicts
  // All orders of what is done to the objects in focus are equally likely; the
  // rest goes by one of the two above. (Selectively uniform random walk.)
  kFocusPriorities,
  kFocusOperations,
};
inline constexpr int kPlanBases = 7;

inline bool HasFocus(PlanBase base) {
  return base == PlanBase::kFocusPriorities ||
         base == PlanBase::kFocusOperations;
}

struct Departure {
  enum class What : uint8_t {
    kSwitch,  // the value-th other thread runs
    kHold,    // the thread waits until another has met its next operation, or
              // for a number of choices that the value gives
    kLower,   // the same without the meeting; under kPriorities for good
    kOption,  // value answers the next choice that is not about threads
    kReseed,  // from here on the base is keyed by another seed
  };
  static constexpr int kWhats = 5;

  What what = What::kSwitch;
  uint8_t thread = 0;   // at its first decision...
  uint16_t number = 0;  // ... with at least so many operations done
  uint8_t value = 0;

  bool operator==(const Departure&) const = default;
};

struct Plan {
  static constexpr int kMostDepartures = 15;

  PlanBase base = PlanBase::kStay;
  uint32_t seed = 0;
  Focus focus;  // only of a base that has one
  // Every thread goes on until it meets another: until its next operation is on
  // an object that others touch as well, as far as this execution has shown, or
  // those before it from which `known` is.
  bool only_meetings = false;
  KnownObjects known;  // only with only_meetings
  int count = 0;
  Departure departures[kMostDepartures];
};

// A thread and its count of operations.
struct Moment {
  uint8_t thread;
  uint16_t number;
};

class Planned final : public Strategy {
 public:
  static constexpr int kMostMoments = 256;

  // `plan` must outlive it.
  explicit Planned(const Plan* plan) : plan_(plan) {}

  bool Begin(uint64_t key) override;
  uint32_t Choose(const ChoicePoint& at) override;
  void End(const ExecutionSummary&) override {}

  // At which there was a choice of threads: a sample of those where the next
  // operation of the running one and that of another were on the same object,
  // and a few others.
  const Moment* moments() const { return moments_; }
  int moment_count() const {
    return static_cast<int>(met_ < kMostMoments ? met_ : kMostMoments);
  }
  const SharedObjects& shared_objects() const { return shared_; }

 private:
  struct Held {
    uint16_t choices_left = 0;
    bool until_met = false;
  };
  // What was drawn for the thread's next operation; `when` says for which, and
  // how often it was redrawn.
  struct OperationPriority {
    uint64_t when = kNever;
    uint64_t priority = 0;
  };
  // The object of a thread's last operation that was asked about.
  struct Looked {
    uintptr_t object = kNever;
    bool in_focus = false;
  };
  static constexpr uint64_t kNever = ~uint64_t{0};

  uint32_t ChooseOption(const ChoicePoint& at);
  uint32_t ChooseThread(const ChoicePoint& at);
  // The departure that is due, or null; none is due twice.
  const Departure* Due(const ChoicePoint& at, bool about_threads);
  void Hold(const ChoicePoint& at, const Departure& departure);
  uint64_t WithoutHeld(uint64_t threads);
  void ReleaseWhoWasMet(const ChoicePoint& at, int chosen);
  void NoteMoment(const ChoicePoint& at);
  void NoteWhetherItMeets(const ChoicePoint& at);
  uint64_t WhoMeetsNobody(const ChoicePoint& at) const;
  int BaseThread(const ChoicePoint& at, uint64_t threads);
  int ByPriority(const ChoicePoint& at, uint64_t threads);
  int ByOperation(const ChoicePoint& at, uint64_t threads);
  int ByFocus(const ChoicePoint& at, uint64_t threads);
  int DrawIntended(uint64_t threads);
  int Highest(const ChoicePoint& at, uint64_t threads) {
    return plan_->base == PlanBase::kFocusPriorities ? HighestThread(threads)
                                                     : ByOperation(at, threads);
  }
  void LowerWhoSpins(const ChoicePoint& at);
  int HighestThread(uint64_t threads) const;
  void Reseed(uint64_t seed);
  void Lower(int thread);
  uint64_t PriorityOf(int thread, const PendingEvent& event);
  bool InFocus(int thread, uintptr_t object);
  void RedrawConflicting(const ChoicePoint& at, int chosen);
  uint64_t Draw(uint64_t a, uint64_t b) const {
    return Scatter(seed_ ^ Scatter(a << 32 | b));
  }

  const Plan* plan_;
  uint64_t seed_ = 0;
  uint32_t done_ = 0;  // departures, as bits
  uint64_t held_ = 0;  // threads, as bits
  Held holds_[kMaxThreads + 1];
  uint64_t rank_[kMaxThreads + 1] = {};     // kPriorities
  uint16_t redrawn_[kMaxThreads + 1] = {};  // kOperations
  OperationPriority operation_[kMaxThreads + 1];
  Looked looked_[kMaxThreads + 1];
  uint32_t held_back_[kMaxThreads + 1] = {};  // as spinners
  uint64_t lowerings_ = 0;
  uint64_t lowering_one_in_ = 1;
  uint64_t lazy_one_in_ = 1;
  uint64_t quiet_ = 0;                           // threads that meet nobody...
  uint32_t quiet_number_[kMaxThreads + 1] = {};  // ...by this operation
  uint64_t seen_ = 0;  // threads, as bits; with a focus:
  int left_[Focus::kThreads] = {};
  int intended_ = -1;
  uint32_t intentions_ = 0;
  SharedObjects shared_;
  uint64_t choices_ = 0;
  uint64_t met_ = 0;
  Moment moments_[kMostMoments];
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PLANNED_H_
