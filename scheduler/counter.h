// A number that one thread writes and any may read, for statistics and for the
// judges' double collect. Adding is a load, an add and a store: no lock prefix.
#ifndef REVEILLE_SCHEDULER_COUNTER_H_
#define REVEILLE_SCHEDULER_COUNTER_H_

#include <atomic>
#include <cstdint>

namespace reveille::internal {

class OwnedCounter {
 public:
  // The owner only; ownership passes with the P or M that holds the counter.
  void Add(uint64_t n) {
    // order: relaxed load of the owner's own value; release store, so that who
    // reads the number sees what was done before [W9].
    value_.store(value_.load(std::memory_order_relaxed) + n,
                 std::memory_order_release);
  }
  uint64_t Load() const { return value_.load(); }

 private:
  std::atomic<uint64_t> value_{0};
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_COUNTER_H_
