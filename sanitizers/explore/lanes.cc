#include "lanes.h"

#include "choice.h"

namespace reveille::explore {

void CollectStints(const Buffer<Step>& steps, Buffer<Stint>* stints) {
  // What each thread is at. A thread is seen only when it does something: it
  // stops being a worker at the latest when another thread is that worker.
  Stint at[kMaxThreads];
  for (Stint& stint : at) stint = {0, 0, 0, -1};
  const auto end = [&](int thread, uint32_t step) {
    if (at[thread].worker < 0) return;
    at[thread].end = step;
    stints->Push(at[thread]);
    at[thread].worker = -1;
  };
  for (uint32_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (step.worker == at[step.thread].worker) continue;
    end(step.thread, i);
    if (step.worker < 0) continue;
    for (int other = 0; other < kMaxThreads; ++other) {
      if (at[other].worker == step.worker) end(other, i);
    }
    at[step.thread] = {i, 0, step.thread, step.worker};
  }
  for (int thread = 0; thread < kMaxThreads; ++thread) {
    end(thread, static_cast<uint32_t>(steps.size()));
  }
}

}  // namespace reveille::explore
