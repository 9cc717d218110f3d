// M: a thread that runs Gs with a P, looks for some, or sleeps without a P.
#ifndef REVEILLE_SCHEDULER_M_H_
#define REVEILLE_SCHEDULER_M_H_

#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "reveille/stats.h"
#include "scheduler/counter.h"
#include "scheduler/flight_recorder.h"
#include "scheduler/g.h"
#include "scheduler/note.h"
#include "scheduler/p.h"

namespace reveille::internal {

// What a coroutine wants done once it is suspended, on the M's own stack: from
// then on the coroutine may be resumed elsewhere.
enum class After : uint8_t { kNothing, kPark, kYield, kEnded };

struct M {
  M(Sched* owner, int m_id, size_t flight_events)
      : sched(owner), id(m_id), ring(flight_events) {}

  Sched* const sched;
  const int id;

  // The thread itself.
  G* curg = nullptr;
  G* lockedg = nullptr;  // The G that is bound to this thread.
  P* oldp = nullptr;     // The P left when its task began to block.
  After after = After::kNothing;
  Waiter* parking = nullptr;
  uint32_t random = 1;
  uint32_t blocking_depth = 0;
  bool discard_thread = false;  // Ends with its locked G.
  bool futile = false;          // Woken, and has not run a G since.
  int patience = 0;             // Rounds to spin next time, see Linger().
  bool left_idle_work = false;  // Made room for idle work a moment ago.

  // Written by the thread, or by its waker before it wakes it (F9).
  P* nextp = nullptr;
  Note park;
  // Guarded by sched.lock: the list of idle Ms, or of those that wait for their
  // locked Gs.
  M* schedlink = nullptr;
  M* schedback = nullptr;
  bool listed = false;   // Among the latter.
  bool serving = false;  // Polls while it waits for its locked G.

  // Any thread may read.
  std::atomic<P*> p_word{nullptr};
  std::atomic<bool> spinning{false};
  std::atomic<MState> state{MState::kStarting};
  std::atomic<int> tid{0};
  OwnedCounter steps;
  std::atomic<bool> handing_on{false};
  FlightRing ring;
  pthread_t thread{};
  std::atomic<bool> has_thread{false};

  P* p() const {
    // order: relaxed; the thread's own value. Others read it for statistics.
    // [W9]
    return p_word.load(std::memory_order_relaxed);
  }
  void Enter(MState to) {
    // order: relaxed; the counter's release publishes it [W9].
    state.store(to, std::memory_order_relaxed);
    steps.Add(1);
  }
  uint32_t Random();
};

// Marks the stretch between publishing work and deciding whom to wake (Go:
// acquirem): a judge that sees it waits.
class HandingOn {
 public:
  explicit HandingOn(M* m) : m_(m) { Set(true); }
  ~HandingOn() { Set(false); }
  HandingOn(const HandingOn&) = delete;
  HandingOn& operator=(const HandingOn&) = delete;

 private:
  void Set(bool on) {
    // order: release; pairs with the loads of GetStats(): a judge that sees the
    // queue with the work in it sees the mark as well [W9].
    m_->handing_on.store(on, std::memory_order_release);
  }
  M* m_;
};

// The M of the calling thread, or null. Never inlined: a coroutine may go on
// on another thread, and a compiler that kept the address of a thread-local
// over a suspension would look at the wrong one.
M* CurrentM();
void SetCurrentM(M* m);

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_M_H_
