#include "stress/explore/scenario_oracle.h"

#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sanitizers/explore/virtual_time.h"

namespace reveille::stress {
namespace {

using explore::Judgement;
using explore::Verdict;

// The kernel rounds some timeouts up to milliseconds.
constexpr int64_t kTimerGraceNs = 2'000'000;

std::string WhiteBoxSymptom(const PoolSnapshot& s) {
  if (s.idle == 0 || s.searching > 0 || s.in_transition > 0) return "";
  if (s.runnable > 0) {
    return absl::StrCat(s.idle, " of ", s.workers, " workers idle while ",
                        s.runnable,
                        " tasks are runnable; nobody searches, nobody is "
                        "between wake and run, nobody can run");
  }
  // Who looks is outside of virtual time, and so is the snapshot's clock.
  const auto now_ns = static_cast<int64_t>(explore::Now());
  const int64_t grace_ns =
      kTimerGraceNs + static_cast<int64_t>(explore::EarlyNanoseconds());
  const bool overdue =
      s.next_timer_ns != 0 && now_ns > s.next_timer_ns + grace_ns;
  if (!overdue) return "";
  return absl::StrCat("a timer is ", (now_ns - s.next_timer_ns) / 1000,
                      " us past due while ", s.idle, " of ", s.workers,
                      " workers are idle; nobody searches, nobody can run");
}

std::string TaskSymptom(const Judge& judge, int workers) {
  const uint64_t waiting = judge.waiting();
  const uint64_t running = judge.running();
  if (waiting == 0 || running >= static_cast<uint64_t>(workers)) return "";
  return absl::StrCat(waiting, " tasks submitted and not begun, ", running,
                      " running, ", workers, " workers; nobody can run");
}

}  // namespace

Verdict VerdictOf(const Failure& failure) {
  Verdict verdict;
  return explore::VerdictNamed(failure.verdict.c_str(), &verdict)
             ? verdict
             : Verdict::kCheckFailed;
}

void ScenarioOracle::Watch(const Judge* judge, const Pool* pool) {
  judge_ = judge;
  pool_ = pool;
  count_tasks_ = true;
  noted_ = false;
}

void ScenarioOracle::LookAway() {
  judge_ = nullptr;
  pool_ = nullptr;
}

const char* ScenarioOracle::Rescued() const {
  const bool went_on = noted_ && judge_->started() > started_when_noted_;
  return went_on ? message_ : "";
}

std::string ScenarioOracle::Symptom() const {
  int workers = pool_->Parallelism();
  if (const WhiteBoxPool* white_box = pool_->AsWhiteBox();
      white_box != nullptr) {
    const PoolSnapshot snapshot = white_box->Snapshot();
    if (snapshot.stopping_world) return "";
    workers = snapshot.workers;
    std::string symptom = WhiteBoxSymptom(snapshot);
    if (!symptom.empty()) return symptom;
  }
  return count_tasks_ ? TaskSymptom(*judge_, workers) : "";
}

Judgement ScenarioOracle::Tell(Verdict verdict, const std::string& what) {
  std::snprintf(message_, sizeof message_, "%s", what.c_str());
  return {verdict, message_};
}

int ScenarioOracle::WorkerOf(int thread) {
  const WhiteBoxPool* white_box =
      pool_ == nullptr ? nullptr : pool_->AsWhiteBox();
  // The lens gives its first thread this id and counts on from there.
  constexpr int kFirstTid = 1000;
  return white_box == nullptr ? -1 : white_box->WorkerOf(kFirstTid + thread);
}

uint64_t ScenarioOracle::State() {
  const WhiteBoxPool* white_box =
      pool_ == nullptr ? nullptr : pool_->AsWhiteBox();
  return white_box == nullptr ? 0 : white_box->StateClass();
}

Judgement ScenarioOracle::AtQuiescence() {
  if (judge_ == nullptr) return {};
  if (judge_->failed()) {
    const std::vector<Failure> failures = judge_->failures();
    return Tell(VerdictOf(failures[0]), failures[0].what);
  }
  if (*Rescued() != '\0') return {Verdict::kRescued, message_};
  const std::string symptom = Symptom();
  if (symptom.empty() || noted_) return {};
  const Judgement judgement = Tell(Verdict::kIdleWorker, symptom);
  if (!rescuers_) return judgement;
  noted_ = true;
  started_when_noted_ = judge_->started();
  return {};
}

Judgement ScenarioOracle::WhenStuck() {
  if (judge_ == nullptr) return {};
  const std::string symptom = Symptom();
  if (symptom.empty()) return {};
  return Tell(Verdict::kIdleWorker, symptom);
}

}  // namespace reveille::stress
