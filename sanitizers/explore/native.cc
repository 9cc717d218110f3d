#include "native.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

namespace reveille::explore::native {

long SystemCall(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                     "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

namespace {

template <typename T>
long Word(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

}  // namespace

ssize_t Read(int descriptor, void* bytes, size_t count) {
  return SystemCall(SYS_read, descriptor, Word(bytes),
                    static_cast<long>(count));
}

ssize_t Write(int descriptor, const void* bytes, size_t count) {
  return SystemCall(SYS_write, descriptor, Word(bytes),
                    static_cast<long>(count));
}

int Open(const char* path, int flags, int mode) {
  return static_cast<int>(
      SystemCall(SYS_openat, AT_FDCWD, Word(path), flags | O_CLOEXEC, mode));
}

int Close(int descriptor) {
  return static_cast<int>(SystemCall(SYS_close, descriptor));
}

int Pipe(int ends[2]) {
  return static_cast<int>(SystemCall(SYS_pipe2, Word(ends), O_CLOEXEC));
}

void Sleep(uint64_t nanoseconds) {
  timespec span = {static_cast<time_t>(nanoseconds / 1000000000),
                   static_cast<long>(nanoseconds % 1000000000)};
  SystemCall(SYS_nanosleep, Word(&span), 0);
}

namespace {

uint64_t NanosecondsOf(clockid_t clock) {
  timespec now;
  SystemCall(SYS_clock_gettime, clock, Word(&now));
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 +
         static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

uint64_t MonotonicNanoseconds() { return NanosecondsOf(CLOCK_MONOTONIC); }

uint64_t ProcessorNanoseconds() {
  return NanosecondsOf(CLOCK_PROCESS_CPUTIME_ID);
}

pid_t Fork() { return static_cast<pid_t>(SystemCall(SYS_clone, SIGCHLD)); }

void Exit(int status) {
  for (;;) SystemCall(SYS_exit_group, status);
}

int Wait(pid_t child) {
  int status = -1;
  while (SystemCall(SYS_wait4, child, Word(&status)) == -4 /* EINTR */) {
  }
  return status;
}

void Kill(pid_t child) { SystemCall(SYS_kill, child, SIGKILL); }

void* Next(const char* name) {
  // glibc keeps the condition variables of 1997 as the unversioned default.
  void* next = nullptr;
  if (strncmp(name, "pthread_cond_", 13) == 0) {
    next = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
  }
  if (next == nullptr) next = dlsym(RTLD_NEXT, name);
  if (next == nullptr) __builtin_trap();
  return next;
}

}  // namespace reveille::explore::native
