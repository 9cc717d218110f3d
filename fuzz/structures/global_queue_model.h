// The global run queue against a deque, over the borders of its blocks.
//
// `Queue` is the scheduler's GlobalQueue, or in a test one with a planted bug.
#ifndef REVEILLE_FUZZ_STRUCTURES_GLOBAL_QUEUE_MODEL_H_
#define REVEILLE_FUZZ_STRUCTURES_GLOBAL_QUEUE_MODEL_H_

#include <algorithm>
#include <deque>

#include "fuzz/input.h"
#include "fuzz/promise.h"
#include "scheduler/global_queue.h"

namespace reveille::fuzz {

template <typename Queue = internal::GlobalQueue>
class GlobalQueueModel {
 public:
  GlobalQueueModel() {
    for (G& g : gs_) free_.push_back(&g);
  }

  void Run(Input* in) {
    while (!in->Empty()) {
      Step(in);
      Compare();
    }
    Pop(kGs);
    Promise(free_.size() == kGs, "every G is in one place");
  }

 private:
  using G = internal::G;
  // Three blocks and a bit.
  static constexpr size_t kGs = 1600;

  void Step(Input* in) {
    switch (in->Below(6)) {
      case 0:
        return Push(1, in->Flag());
      case 1:
        return Push(4 * (1 + in->Byte()), in->Flag());
      case 2:
        return Pop(1);
      case 3:
        return Pop(4 * (1 + in->Byte()));
      case 4:
        return Extract(static_cast<size_t>(in->Word(2)));
      default:
        return ExtractNothing();
    }
  }

  void Push(int count, bool locked) {
    for (; count > 0 && !free_.empty(); --count) {
      G* g = free_.front();
      free_.pop_front();
      g->locked = locked;
      queue_.Push(g);
      model_.push_back(g);
    }
  }
  void Pop(size_t count) {
    for (; count > 0; --count) {
      G* expected = nullptr;
      if (!model_.empty()) {
        expected = model_.front();
        model_.pop_front();
        free_.push_back(expected);
      }
      Promise(queue_.Pop() == expected, "Pop takes the oldest");
      if (expected == nullptr) return;
    }
  }
  // Takes out the one that lies there; all others keep their order.
  void Extract(size_t at) {
    if (model_.empty()) return ExtractNothing();
    const auto wanted =
        model_.begin() + static_cast<ptrdiff_t>(at % model_.size());
    G* g = *wanted;
    model_.erase(wanted);
    free_.push_back(g);
    Promise(queue_.Extract([g](const G* one) { return one == g; }) == g,
            "Extract takes what is wanted");
  }
  void ExtractNothing() {
    Promise(queue_.Extract([](const G*) { return false; }) == nullptr,
            "Extract of what is not there takes nothing");
  }

  void Compare() {
    Promise(queue_.size() == model_.size(), "size counts what is there");
    Promise(queue_.Empty() == model_.empty(),
            "Empty means that there is nothing");
    const auto locked = std::count_if(model_.begin(), model_.end(),
                                      [](const G* g) { return g->locked; });
    Promise(queue_.locked() == static_cast<uint32_t>(locked),
            "locked counts those that are bound to a thread");
  }

  static inline G gs_[kGs];
  std::deque<G*> free_;
  Queue queue_;
  std::deque<G*> model_;
};

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_STRUCTURES_GLOBAL_QUEUE_MODEL_H_
