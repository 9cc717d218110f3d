#include "fuzz/api/tasks.h"

#include <memory>
#include <optional>
#include <utility>

#include "fuzz/api/obstacle.h"

namespace reveille::fuzz {
namespace {

constexpr int kDeepChain = 60;

bool IsWait(const Step& step) {
  return step.verb >= Verb::kSleep && step.verb <= Verb::kAwaitFd;
}

const Part& PartOf(World* world, int part) {
  return world->script().parts[static_cast<size_t>(part)];
}

// --- Waits, in both ways -----------------------------------------------------

Task<> Await(World* world, Party party, Step step) {
  const std::unique_ptr<Waiting> waiting = world->Begin(step, party);
  if (waiting == nullptr) co_return;
  // By a name: gcc 12 copies what a call returns.
  WaitOperation& operation = waiting->operation();
  const Wake wake = co_await operation;
  world->Finish(step, party, waiting.get(), wake);
}

void BlockOn(World* world, Party party, const Step& step) {
  const std::unique_ptr<Waiting> waiting = world->Begin(step, party);
  if (waiting == nullptr) return;
  const Wake wake = waiting->operation().Block();
  world->Finish(step, party, waiting.get(), wake);
}

// --- Children of coroutines --------------------------------------------------

Step LeafOf(const Step& step) {
  return {Verb::kAwaitEvent, step.which, 0, step.patience};
}

Task<> Chain(World* world, Party party, Step step, int depth) {
  if (depth > 0) {
    co_await Chain(world, party, step, depth - 1);
  } else {
    co_await Await(world, party, LeafOf(step));
  }
}

// Its frame is larger than those that are kept.
Task<> LargeChild(World* world, Party party, Step step) {
  volatile char cargo[2000];
  cargo[step.which] = 1;
  co_await Await(world, party, LeafOf(step));
  Promise(cargo[step.which] == 1, "a frame keeps what is in it");
}

Task<int> Answer(World* world, Party party, Step step) {
  co_await Await(world, party, LeafOf(step));
  if (step.variant == 5) throw 5;
  co_return 42;
}

Task<> Child(World* world, Party party, Step step) {
  switch (step.variant) {
    case 0:
    case 1:
      co_return co_await Chain(world, party, step, step.variant * 4);
    case 2:
      co_return co_await Chain(world, party, step, kDeepChain);
    case 3:
      co_return co_await LargeChild(world, party, step);
    case 4:
      Promise(co_await Answer(world, party, step) == 42,
              "a coroutine's value comes to who awaits it");
      co_return;
    case 5:
      try {
        co_await Answer(world, party, step);
        BrokenPromise("an exception comes to who awaits the coroutine");
      } catch (int) {
      }
      co_return;
    case 6: {
      Task<> never = Chain(world, party, step, 1);
      never = Chain(world, party, step, 2);
      co_return;
    }
    default:
      co_return BlockOn(world, party, LeafOf(step));
  }
}

// --- Parts -------------------------------------------------------------------

class Performer {
 public:
  Performer(World* world, Party party) : world_(world), party_(party) {}

  Task<> RunAsCoroutine(const Part& part);
  void RunOnThread(const Part& part);

 private:
  // What neither waits nor gives way.
  void Perform(const Step& step);

  World* world_;
  Party party_;
  std::optional<ThreadLock> lock_;
};

void Performer::Perform(const Step& step) {
  switch (step.verb) {
    case Verb::kLock: {
      lock_.emplace();
      const ThreadLock nested;
      if (step.variant == 1) lock_->DiscardThread();
      return;
    }
    case Verb::kUnlock:
      return lock_.reset();
    case Verb::kThrow:
      if (party_.is_main()) return;
      world_->ledger().thrown.fetch_add(1);
      throw 1;
    default:
      return world_->Perform(step, party_);
  }
}

Task<> Performer::RunAsCoroutine(const Part& part) {
  for (const Step& step : part.steps) {
    if (IsWait(step)) {
      co_await Await(world_, party_, step);
    } else if (step.verb == Verb::kYield) {
      co_await Yield();
    } else if (step.verb == Verb::kChild) {
      co_await Child(world_, party_, step);
    } else {
      Perform(step);
    }
  }
}

void Performer::RunOnThread(const Part& part) {
  for (const Step& step : part.steps) {
    if (IsWait(step)) {
      BlockOn(world_, party_, step);
    } else if (step.verb == Verb::kYield) {
      Yield().Block();
    } else {
      Perform(step);
    }
  }
}

// Spawns parts; those that are batched wait for the next one that is not.
class Spawner {
 public:
  explicit Spawner(World* world) : world_(world), batch_(&world->scheduler()) {}

  void Begin(int part);
  void Flush();

 private:
  template <typename Body>
  void Spawn(int part, Body body);

  World* world_;
  Batch batch_;
};

// What a part does after its steps: the parts inside of it begin.
void BeginInner(World* world, int part) {
  const auto next = static_cast<size_t>(part) + 1;
  if (next == world->script().parts.size()) return;
  const Part& inner = world->script().parts[next];
  if (inner.inside && !inner.by_main) Spawner(world).Begin(part + 1);
}

void Spawner::Begin(int part) {
  World* const world = world_;
  if (PartOf(world, part).coroutine) {
    Spawn(part, [world, part, held = InLedger(&world->ledger())]() -> Task<> {
      Performer performer(world, {part});
      co_await performer.RunAsCoroutine(PartOf(world, part));
      BeginInner(world, part);
    });
  } else {
    Spawn(part, [world, part, held = InLedger(&world->ledger())] {
      Performer(world, {part}).RunOnThread(PartOf(world, part));
      BeginInner(world, part);
    });
  }
}

template <typename Body>
void Spawner::Spawn(int part, Body body) {
  const Part& how = PartOf(world_, part);
  TaskOptions options;
  if (how.named) options.name = World::kName;
  options.idle_priority = how.idle_priority;
  if (how.batched && !how.joinable && !how.inside) {
    return batch_.Add(std::move(body), options);
  }
  Flush();
  Scheduler& scheduler = world_->scheduler();
  bool accepted;
  if (how.joinable) {
    auto handle = scheduler.SpawnJoinable(std::move(body), options);
    accepted = handle.ok();
    if (accepted) world_->Publish(part, *std::move(handle));
  } else {
    accepted = scheduler.Spawn(std::move(body), options).ok();
  }
  if (accepted) world_->ledger().accepted.fetch_add(1);
}

void Spawner::Flush() {
  const int size = batch_.size();
  if (size == 0 || !batch_.Spawn().ok()) return;
  world_->ledger().accepted.fetch_add(static_cast<uint64_t>(size));
}

}  // namespace

void RunScript(const Script& script) {
  World world(script);
  if (!world.CreateScheduler()) return;
  std::optional<NoThreadsToBeHad> no_more_threads;
  if (script.threads_run_out) no_more_threads.emplace();
  Performer main(&world, {});
  {
    Spawner spawner(&world);
    bool after_task = false;
    for (size_t i = 0; i < script.parts.size(); ++i) {
      const Part& part = script.parts[i];
      if (part.by_main) {
        main.RunOnThread(part);
      } else if (!after_task || !part.inside) {
        spawner.Begin(static_cast<int>(i));
      }
      after_task = !part.by_main;
    }
    if (!script.drops_last_batch) spawner.Flush();
  }
  no_more_threads.reset();
  world.End();
}

}  // namespace reveille::fuzz
