// What the public header promises in its dozen lines, from outside the tree:
// spawn, wait, sleep, read a socket, block, shut down. Exit status 0 when all
// of it happened.
#include <reveille/scheduler.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

namespace {

std::atomic<int> closures{0};
std::atomic<int> bytes_read{0};
std::atomic<int> blocked{0};

reveille::Task<> ReadAndBlock(int fd) {
  co_await reveille::SleepFor(10ms);
  co_await reveille::WaitReadable(fd);
  char buffer[16];
  bytes_read += static_cast<int>(::read(fd, buffer, sizeof buffer));
  reveille::BlockingSection blocking;
  ::usleep(1000);
  ++blocked;
}

bool Use(reveille::Scheduler& s, int in, int out) {
  if (!s.Spawn([] { ++closures; }).ok()) return false;
  if (!s.Spawn(ReadAndBlock(in)).ok()) return false;
  auto job = s.SpawnJoinable([] { ++closures; });
  if (!job.ok()) return false;
  job->Join().Block();
  if (::write(out, "hello", 5) != 5) return false;
  const auto report = s.Shutdown(reveille::Clock::now() + 5s);
  return report.unfinished.empty() && closures == 2 && bytes_read == 5 &&
         blocked == 1 && !s.Spawn([] {}).ok();
}

}  // namespace

int main() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0) return 1;
  auto created = reveille::Scheduler::Create({.procs = 2});
  if (!created.ok()) {
    std::fprintf(stderr, "%s\n", created.status().ToString().c_str());
    return 1;
  }
  const bool well = Use(**created, fds[0], fds[1]);
  std::puts(well ? "consumer: all promises kept" : "consumer: FAILED");
  return well ? 0 : 1;
}
