// Directives: a schedule said in as few words as possible.
//
// Everything goes the default way (no preemption, nothing rare) except where a
// directive says otherwise. A directive names the moment by the running thread
// and its count of operations, not by an index into the schedule, so that it
// still means the same when others are left out. This is what shrinking
// shrinks.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_DIRECTED_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_DIRECTED_H_

#include "../buffer.h"
#include "../strategy.h"

namespace reveille::explore {

struct Directive {
  uint32_t number;      // operations the running thread has done
  uint32_t value;       // thread number, or option
  uint16_t occurrence;  // among choices at the same moment
  uint8_t running;
  Tag tag;
  bool preempts;  // takes the turn from a thread that could go on
};

// Counts how often one moment comes up.
class Moments {
 public:
  void Reset() { fresh_ = 0; }
  uint16_t Occurrence(const ChoicePoint& at);

 private:
  uint64_t fresh_ = 0;  // threads whose entries stand
  uint32_t number_[kMaxThreads + 1] = {};
  uint16_t count_[kMaxThreads + 1] = {};
};

class Directed final : public Strategy {
 public:
  // `directives` must outlive it, in the order in which they were recorded.
  Directed(const Directive* directives, size_t count)
      : directives_(directives), count_(count) {}

  bool Begin(uint64_t key) override;
  uint32_t Choose(const ChoicePoint& at) override;
  void End(const ExecutionSummary&) override {}

 private:
  const Directive* directives_;
  size_t count_;
  Moments moments_;
};

// Follows another strategy and records where it departs from the default.
class Recorder final : public Strategy {
 public:
  Recorder(Strategy* followed, Buffer<Directive>* directives)
      : followed_(followed), directives_(directives) {}

  bool Begin(uint64_t key) override;
  uint32_t Choose(const ChoicePoint& at) override;
  void End(const ExecutionSummary& summary) override {
    followed_->End(summary);
  }

 private:
  Strategy* followed_;
  Buffer<Directive>* directives_;
  Moments moments_;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_DIRECTED_H_
