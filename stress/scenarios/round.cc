#include "stress/scenarios/round.h"

#include <thread>

#include "stress/oracles/quiescence.h"

namespace reveille::stress {

Round::Round(ScenarioContext& context) : context_(context) {}

void Round::SubmitYielding(std::function<bool()> step) {
  pool().AsYielding()->SubmitYielding(
      [ticket = Ticket(&judge(), judge().Submitted()), step = std::move(step),
       begun = false]() mutable {
        if (!begun) ticket.Begin();
        begun = true;
        const bool more = step();
        if (!more) ticket.End();
        return more;
      });
}

void Round::SubmitTogether(std::vector<std::function<void()>> bodies) {
  BatchPool* const batches = pool().AsBatch();
  if (batches == nullptr) {
    for (auto& body : bodies) Submit(std::move(body));
    return;
  }
  std::vector<PoolFn> fns;
  for (auto& body : bodies) fns.push_back(Counted(std::move(body)));
  if (!batches->SubmitBatch(std::move(fns))) {
    judge().Fail("check-failed", "a pool that runs refused a batch");
  }
}

void Round::RunOutside(int n, Dice& dice,
                       const std::function<void(Dice&, int)>& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) {
    threads.emplace_back(
        [&body, i, own = dice.Fork()]() mutable { body(own, i); });
  }
  for (std::thread& thread : threads) thread.join();
}

void Round::End() {
  AwaitAll();
  judge().CheckAllOnce();
  CheckQuiescent(pool(), &judge());
}

}  // namespace reveille::stress
