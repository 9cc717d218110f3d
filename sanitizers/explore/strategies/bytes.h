// Bytes decide: the strategy under which a fuzzer drives the lens. Every byte
// string is a valid schedule.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_BYTES_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_BYTES_H_

#include "../random.h"
#include "../strategy.h"

namespace reveille::explore {

class Bytes final : public Strategy {
 public:
  // What comes when the bytes have run out.
  enum class Tail {
    kDefault,  // no preemption, nothing rare
    kRandom,   // a random walk keyed by the bytes
  };

  // `bytes` must outlive the strategy.
  Bytes(const uint8_t* bytes, size_t size, Tail tail)
      : bytes_(bytes), size_(size), tail_(tail) {}

  bool Begin(uint64_t key) override;
  // One byte per choice of up to 256 options, three for more.
  uint32_t Choose(const ChoicePoint& at) override;
  void End(const ExecutionSummary&) override {}

  size_t consumed() const { return next_; }

 private:
  const uint8_t* bytes_;
  size_t size_;
  Tail tail_;
  size_t next_ = 0;
  Random random_;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_BYTES_H_
