// ChildProcess: a stress run in a process of its own, from the parent's side.
#ifndef REVEILLE_STRESS_DRIVER_CHILD_PROCESS_H_
#define REVEILLE_STRESS_DRIVER_CHILD_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "stress/driver/run_spec.h"
#include "stress/driver/status_page.h"

namespace reveille::stress {

class ChildProcess {
 public:
  // Starts this very program again. Its standard output and error are kept
  // aside: what a pool prints must mix with nothing.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(
      const RunSpec& spec);
  ~ChildProcess();  // Kills it if it still runs.
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  const StatusPage& page() const { return *page_; }
  bool HasEnded();  // Reaps it.
  void Signal(int signal);

  // Once it has ended.
  int signal() const;     // That ended it, 0: none.
  int exit_code() const;  // -1 when a signal ended it.
  std::string Output() const;

 private:
  ChildProcess() = default;

  pid_t pid_ = 0;
  bool ended_ = false;
  int wait_status_ = 0;
  int status_fd_ = -1;
  int output_fd_ = -1;
  StatusPage* page_ = nullptr;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_CHILD_PROCESS_H_
