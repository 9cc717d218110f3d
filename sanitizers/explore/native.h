// The operating system as the runtime itself uses it.
//
// The runtime interposes read, write, clock_gettime and their like for the
// code under test; its own files, pipes and clocks go straight to the kernel,
// so that they work from any thread, inside and outside executions.
#ifndef REVEILLE_SANITIZERS_EXPLORE_NATIVE_H_
#define REVEILLE_SANITIZERS_EXPLORE_NATIVE_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

namespace reveille::explore::native {

// The raw system call: the kernel's answer, -errno on failure.
long SystemCall(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                long e = 0, long f = 0);

ssize_t Read(int descriptor, void* bytes, size_t count);
ssize_t Write(int descriptor, const void* bytes, size_t count);
int Open(const char* path, int flags, int mode);
int Close(int descriptor);
int Pipe(int ends[2]);
void Sleep(uint64_t nanoseconds);
uint64_t MonotonicNanoseconds();
// That this process has used.
uint64_t ProcessorNanoseconds();

// fork() without the C library's bookkeeping: the parked donors of TLS must
// stay valid memory in the child, and glibc would recycle their stacks.
pid_t Fork();
[[noreturn]] void Exit(int status);
// The raw wait status, or -1.
int Wait(pid_t child);
void Kill(pid_t child);

// The next definition of an interposed function (dlsym RTLD_NEXT, in the
// version that current programs are linked with). Traps when there is none.
void* Next(const char* name);

}  // namespace reveille::explore::native

// The function that `name` would have been without the interposer.
#define REVEILLE_NEXT(name)                          \
  ([]() -> decltype(&name) {                         \
    static decltype(&name) next;                     \
    if (next == nullptr) {                           \
      next = reinterpret_cast<decltype(&name)>(      \
          ::reveille::explore::native::Next(#name)); \
    }                                                \
    return next;                                     \
  }())

#endif  // REVEILLE_SANITIZERS_EXPLORE_NATIVE_H_
