#include "stress/driver/child_process.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

extern char** environ;

namespace reveille::stress {
namespace {

constexpr size_t kMaxOutput = 1 << 20;

// The child starts with no signal blocked, whatever the parent waits for.
int Spawn(pid_t* pid, int output_fd, const std::vector<char*>& argv) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
  posix_spawn_file_actions_adddup2(&actions, output_fd, 1);
  posix_spawn_file_actions_adddup2(&actions, output_fd, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const int error = posix_spawn(pid, "/proc/self/exe", &actions, &attributes,
                                argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    const RunSpec& spec) {
  std::unique_ptr<ChildProcess> child(new ChildProcess);
  absl::StatusOr<int> status_fd = StatusPage::MakeFd();
  if (!status_fd.ok()) return status_fd.status();
  child->status_fd_ = *status_fd;
  absl::StatusOr<StatusPage*> page = StatusPage::Map(*status_fd);
  if (!page.ok()) return page.status();
  child->page_ = *page;
  child->output_fd_ = memfd_create("reveille-output", MFD_CLOEXEC);
  std::string arguments[] = {"reveille", "run-one",
                             "--spec=" + ToJson(spec).dump(),
                             absl::StrCat("--status-fd=", *status_fd)};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int error = Spawn(&child->pid_, child->output_fd_, argv);
  if (error != 0) {
    child->ended_ = true;
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot start a child process: ", std::strerror(error)));
  }
  return child;
}

ChildProcess::~ChildProcess() {
  if (pid_ != 0 && !ended_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, &wait_status_, 0);
  }
  if (page_ != nullptr) munmap(page_, sizeof(StatusPage));
  if (status_fd_ >= 0) close(status_fd_);
  if (output_fd_ >= 0) close(output_fd_);
}

bool ChildProcess::HasEnded() {
  if (!ended_ && waitpid(pid_, &wait_status_, WNOHANG) == pid_) ended_ = true;
  return ended_;
}

void ChildProcess::Signal(int signal) {
  if (!HasEnded()) kill(pid_, signal);
}

int ChildProcess::signal() const {
  return WIFSIGNALED(wait_status_) ? WTERMSIG(wait_status_) : 0;
}

int ChildProcess::exit_code() const {
  return WIFEXITED(wait_status_) ? WEXITSTATUS(wait_status_) : -1;
}

std::string ChildProcess::Output() const {
  const off_t size = lseek(output_fd_, 0, SEEK_END);
  std::string text(std::min<size_t>(size < 0 ? 0 : size, kMaxOutput), '\0');
  const ssize_t n = pread(output_fd_, text.data(), text.size(), 0);
  text.resize(n < 0 ? 0 : n);
  return text;
}

}  // namespace reveille::stress
