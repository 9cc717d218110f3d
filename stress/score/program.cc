#include "stress/score/program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "stress/report/files.h"

extern char** environ;

namespace reveille::stress {
namespace {

// From being asked to end to being killed.
constexpr int64_t kGraceMs = 60'000;

std::vector<char*> ArgvOf(std::vector<std::string>& words) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return argv;
}

// With no signal blocked, whatever we wait for.
int Spawn(std::vector<std::string> words, posix_spawn_file_actions_t* actions,
          pid_t* pid) {
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  const int error = posix_spawn(pid, words[0].c_str(), actions, &attributes,
                                ArgvOf(words).data(), environ);
  posix_spawnattr_destroy(&attributes);
  return error;
}

double SecondsOf(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

std::string LastLine(const std::string& text) {
  std::string last;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::StripAsciiWhitespace(line).empty()) last = std::string(line);
  }
  return last;
}

}  // namespace

int64_t MonotonicMs() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return int64_t{ts.tv_sec} * 1000 + ts.tv_nsec / 1'000'000;
}

absl::StatusOr<std::unique_ptr<Program>> Program::Start(
    const std::vector<std::string>& words, const std::string& output,
    ProgramLimits limits) {
  std::unique_ptr<Program> program(new Program);
  program->output_ = output;
  program->limits_ = limits;
  program->began_ms_ = MonotonicMs();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  const int error = Spawn(words, &actions, &program->pid_);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return program;
  program->ended_ = true;
  return absl::FailedPreconditionError(
      absl::StrCat("cannot run ", words[0], ": ", std::strerror(error)));
}

Program::~Program() {
  if (pid_ == 0 || ended_) return;
  kill(-pid_, SIGKILL);
  waitpid(pid_, &wait_status_, 0);
}

int64_t Program::CpuMsSoFar() const {
  clockid_t clock;
  timespec ts;
  if (clock_getcpuclockid(pid_, &clock) != 0 ||
      clock_gettime(clock, &ts) != 0) {
    return 0;
  }
  return int64_t{ts.tv_sec} * 1000 + ts.tv_nsec / 1'000'000;
}

bool Program::HasEnded() {
  if (ended_) return true;
  rusage usage;
  if (wait4(pid_, &wait_status_, WNOHANG, &usage) == pid_) {
    ended_ = true;
    ended_ms_ = MonotonicMs();
    cpu_seconds_ = SecondsOf(usage.ru_utime) + SecondsOf(usage.ru_stime);
    kill(-pid_, SIGKILL);  // What it left behind.
    return true;
  }
  if (limits_.cpu_ms != 0 && !asked_ && CpuMsSoFar() >= limits_.cpu_ms) {
    asked_ = true;
    kill(pid_, SIGINT);
    // From here on it has no more to do than to end.
    limits_.ms = std::min(limits_.ms, MonotonicMs() - began_ms_ + kGraceMs);
  }
  if (MonotonicMs() - began_ms_ > limits_.ms) {
    overstayed_ = true;
    kill(-pid_, SIGKILL);
  }
  return false;
}

int Program::exit_code() const {
  return WIFEXITED(wait_status_) ? WEXITSTATUS(wait_status_) : -1;
}

int Program::ending_signal() const {
  return WIFSIGNALED(wait_status_) ? WTERMSIG(wait_status_) : 0;
}

std::string Program::HowItEnded() const {
  if (overstayed_) return absl::StrCat("killed after ", ms() / 1000, " s");
  const std::string said = LastLine(ReadWhole(output_).value_or(""));
  const std::string how = WIFSIGNALED(wait_status_)
                              ? absl::StrCat("signal ", WTERMSIG(wait_status_))
                              : absl::StrCat("exit ", exit_code());
  return said.empty() ? how : absl::StrCat(how, ": ", said);
}

absl::StatusOr<std::string> OutputOf(const std::vector<std::string>& words) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return absl::InternalError("cannot make a pipe");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  pid_t pid = 0;
  const int error = Spawn(words, &actions, &pid);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  const absl::Cleanup closer = [&ends] { close(ends[0]); };
  if (error != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot run ", words[0], ": ", std::strerror(error)));
  }
  std::string text;
  std::array<char, 4096> chunk;
  for (ssize_t n = 0; (n = read(ends[0], chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<size_t>(n));
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  return absl::InternalError(
      absl::StrCat(words[0], " ", words[1], " ", words[2], " failed"));
}

}  // namespace reveille::stress
