// StatusPage: what a child tells its parent, in memory that both share. It is
// there however the child ends, so the parent can write a killed child's line.
#ifndef REVEILLE_STRESS_DRIVER_STATUS_PAGE_H_
#define REVEILLE_STRESS_DRIVER_STATUS_PAGE_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reveille::stress {

enum class Phase : uint32_t {
  kStarting,
  kCreating,
  kRound,
  kEnding,
  kReporting
};
const char* ToString(Phase phase);

class StatusPage {
 public:
  // Parent: makes the memory. Its descriptor survives exec.
  static absl::StatusOr<int> MakeFd();
  // Both: looks at it. The mapping lives as long as the process.
  static absl::StatusOr<StatusPage*> Map(int fd);

  std::atomic<uint64_t> round{0};
  std::atomic<uint64_t> rounds_done{0};
  std::atomic<uint64_t> tasks_done{0};
  std::atomic<Phase> phase{Phase::kStarting};

  // The result line, once the child has appended it to results.jsonl.
  void SetLine(absl::string_view line);
  // "" when the child ended without.
  std::string line() const;

 private:
  StatusPage() = default;
  static constexpr uint32_t kMaxLine = 1 << 20;
  std::atomic<uint32_t> line_size_{0};
  char line_[kMaxLine];
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_STATUS_PAGE_H_
