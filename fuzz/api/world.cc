#include "fuzz/api/world.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "fuzz/api/obstacle.h"

namespace reveille::fuzz {
namespace {

using std::chrono::microseconds;

bool Has(const Script& script, bool (*wanted)(Verb)) {
  return std::any_of(
      script.parts.begin(), script.parts.end(), [wanted](const Part& part) {
        return std::any_of(
            part.steps.begin(), part.steps.end(),
            [wanted](const Step& step) { return wanted(step.verb); });
      });
}

bool UsesSockets(Verb verb) {
  return verb == Verb::kAwaitFd || verb == Verb::kMakeReady ||
         verb == Verb::kCloseFd || verb == Verb::kReuseFd;
}

bool UsesElsewhere(Verb verb) { return verb == Verb::kElsewhere; }

}  // namespace

World::World(const Script& script)
    : script_(script),
      semaphores_{Semaphore(0), Semaphore(2)},
      handles_(script.parts.size()),
      cancelled_(script.parts.size()) {
  ledger_.permits.store(2);
  if (!Has(script, UsesSockets)) return;
  // Numbers of two leaves of the scheduler's table, and of another segment.
  for (const int at_least : {0, 0, 700, 3000}) sockets_.emplace_back(at_least);
}

World::~World() = default;

bool World::CreateScheduler() {
  Options options = script_.options;
  options.on_exception = [this](const TaskFailure& failure) {
    Promise(failure.exception != nullptr && failure.id != 0,
            "a failure has an exception and an id");
    ledger_.caught.fetch_add(1);
  };
  const ObstacleInPlace obstacle(script_.obstacle);
  auto created = Scheduler::Create(options);
  if (script_.obstacle != Obstacle::kNone) {
    Promise(created.status().code() == CodeFor(script_.obstacle),
            "Create() says what is in its way");
    return false;
  }
  Promise(created.ok(), "with valid options there is a scheduler");
  scheduler_ = *std::move(created);
  running_ = scheduler_.get();
  for (int i = 0; i < 4; ++i) {
    timers_.emplace_back(running_, [this] {
      ledger_.fired.fetch_add(1);
      queue_.ReadyOne();
    });
  }
  if (Has(script_, UsesElsewhere)) {
    elsewhere_ = *Scheduler::Create({.procs = 1});
  }
  return true;
}

// --- Waits -------------------------------------------------------------------

// Those of the thread that runs the script are short; and see I2.
Deadline World::DeadlineOf(const Step& step, Party party) const {
  const Deadline now = Clock::now();
  switch (step.patience) {
    case 0:
    case 1:
      break;
    case 2:
      return now;
    case 3:
      return Deadline(microseconds(-5));
    case 4:
    case 5:
      return now + microseconds(30);
    default:
      return now + microseconds(500);
  }
  if (party.is_main()) return now + microseconds(500);
  return script_.Patient() ? now + microseconds(3000) : kNoDeadline;
}

bool World::MayBeCancelled(Party party) const {
  if (party.is_main()) return false;
  return cut_off_.load() || cancelled_[static_cast<size_t>(party.part)].load();
}

std::unique_ptr<Waiting> World::Begin(const Step& step, Party party) {
  const Deadline deadline = DeadlineOf(step, party);
  std::unique_ptr<Waiting> waiting = BeginAny(step, deadline);
  if (waiting == nullptr) return nullptr;
  const bool fd = step.verb == Verb::kAwaitFd;
  waiting->allowed = {.deadline = deadline,
                      .ready = step.verb != Verb::kSleep,
                      .closed = fd,
                      .busy = fd,
                      .failed = fd};
  return waiting;
}

void World::Finish(const Step& step, Party party, Waiting* waiting, Wake wake) {
  waiting->allowed.cancelled = MayBeCancelled(party);
  CheckWake(wake, waiting->allowed);
  if (wake == Wake::kFailed) {
    const auto& wait = static_cast<FdOperation&>(waiting->operation());
    Promise(wait.error() != 0, "a wait that failed says why");
  }
  if (wake != Wake::kReady) return;
  if (step.verb == Verb::kAcquire) ledger_.permits.fetch_sub(1);
  if (step.verb == Verb::kJoin) {
    Promise(HandleOf(step)->Done(), "who has been joined is done");
  }
}

std::unique_ptr<Waiting> World::BeginAny(const Step& step, Deadline deadline) {
  const uint8_t which = step.which % 2;
  switch (step.verb) {
    case Verb::kSleep:
      return BeginSleep(step, deadline);
    case Verb::kAwaitEvent:
      return std::make_unique<WaitingFor<Event::Operation>>(
          [&](int) { return events_[which].Wait(deadline); });
    case Verb::kAcquire:
      return std::make_unique<WaitingFor<Semaphore::Operation>>(
          [&](int) { return semaphores_[which].Acquire(deadline); });
    case Verb::kAwaitGroup:
      return std::make_unique<WaitingFor<WaitGroup::Operation>>(
          [&](int) { return group_.Wait(deadline); });
    case Verb::kPark:
      return BeginPark(step, deadline);
    case Verb::kJoin:
      return BeginJoin(step, deadline);
    case Verb::kAwaitFd:
      return BeginFd(step, deadline);
    default:
      return nullptr;
  }
}

std::unique_ptr<Waiting> World::BeginSleep(const Step& step,
                                           Deadline deadline) {
  using Sleeping = WaitingFor<SleepOperation>;
  if (step.variant % 2 == 0) {
    return std::make_unique<Sleeping>(
        [=](int) { return SleepUntil(deadline); });
  }
  // A duration that no clock can hold is for ever.
  const auto duration = deadline == kNoDeadline
                            ? std::chrono::nanoseconds::max()
                            : deadline - Clock::now();
  return std::make_unique<Sleeping>([=](int) { return SleepFor(duration); });
}

std::unique_ptr<Waiting> World::BeginPark(const Step& step, Deadline deadline) {
  std::function<bool()> skip = nullptr;
  if (step.variant == 1) skip = [this] { return skips_.exchange(false); };
  if (step.variant == 2) skip = [] { return true; };
  return std::make_unique<WaitingFor<WaitQueue::ParkOperation>>(
      [&](int) { return queue_.Park(std::move(skip), deadline); });
}

std::unique_ptr<Waiting> World::BeginJoin(const Step& step, Deadline deadline) {
  std::optional<JoinHandle> handle = HandleOf(step);
  if (!handle) return nullptr;
  return std::make_unique<WaitingFor<JoinHandle::Operation, JoinHandle>>(
      [=](JoinHandle& mine) { return mine.Join(deadline); },
      *std::move(handle));
}

std::unique_ptr<Waiting> World::BeginFd(const Step& step, Deadline deadline) {
  const SocketPair& socket = sockets_[step.which];
  int fd = socket.near();
  // No wait begins after the close: the number may be another file's by then.
  if (socket.closed()) fd = RegularFile();
  if (step.variant == 5) fd = -1;
  if (step.variant == 6) fd = 5'000'000;
  if (step.variant == 7) fd = RegularFile();
  const bool writes = step.variant % 2 == 1;
  return std::make_unique<WaitingFor<FdOperation>>([=](int) {
    return writes ? WaitWritable(fd, deadline) : WaitReadable(fd, deadline);
  });
}

size_t World::IndexOf(const Step& step) const {
  return (step.which + 4u * step.variant) % handles_.size();
}

std::optional<JoinHandle> World::HandleOf(const Step& step) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return handles_[IndexOf(step)];
}

void World::Publish(int part, JoinHandle handle) {
  const std::lock_guard<std::mutex> lock(mutex_);
  handles_[static_cast<size_t>(part)] = std::move(handle);
}

}  // namespace reveille::fuzz
