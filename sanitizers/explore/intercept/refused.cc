// Calls that would block the only kernel thread, or that would leave the
// model: refused inside executions, by name. Better no verdict than a wrong
// one.
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "intercept.h"

using namespace reveille::explore;

#define REVEILLE_REFUSE(result, name, parameters, arguments) \
  REVEILLE_INTERPOSE result name parameters {                \
    if (Self() != nullptr) Refuse(#name);                    \
    return REVEILLE_NEXT(name) arguments;                    \
  }

#define REVEILLE_REFUSE_NOEXCEPT(result, name, parameters, arguments) \
  REVEILLE_INTERPOSE result name parameters noexcept {                \
    if (Self() != nullptr) Refuse(#name);                             \
    return REVEILLE_NEXT(name) arguments;                             \
  }

// Threads that the C library would make behind the lens's back.
REVEILLE_REFUSE(int, thrd_create,
                (thrd_t * thread, thrd_start_t entry, void* argument),
                (thread, entry, argument))
REVEILLE_REFUSE_NOEXCEPT(int, timer_create,
                         (clockid_t clock, sigevent* event, timer_t* timer),
                         (clock, event, timer))
REVEILLE_REFUSE_NOEXCEPT(unsigned, alarm, (unsigned seconds), (seconds))
REVEILLE_REFUSE_NOEXCEPT(int, setitimer,
                         (__itimer_which_t which, const itimerval* value,
                          itimerval* old),
                         (which, value, old))
REVEILLE_REFUSE(FILE*, popen, (const char* command, const char* mode),
                (command, mode))
REVEILLE_REFUSE(int, pthread_cancel, (pthread_t thread), (thread))
REVEILLE_REFUSE_NOEXCEPT(int, pthread_kill, (pthread_t thread, int signal),
                         (thread, signal))
REVEILLE_REFUSE_NOEXCEPT(pid_t, fork, (), ())
REVEILLE_REFUSE(int, system, (const char* command), (command))
REVEILLE_REFUSE(pid_t, wait, (int* status), (status))
REVEILLE_REFUSE(pid_t, waitpid, (pid_t child, int* status, int options),
                (child, status, options))
REVEILLE_REFUSE(int, pause, (), ())
REVEILLE_REFUSE(int, sigsuspend, (const sigset_t* set), (set))
REVEILLE_REFUSE(int, sigwait, (const sigset_t* set, int* signal), (set, signal))
REVEILLE_REFUSE(int, sigwaitinfo, (const sigset_t* set, siginfo_t* info),
                (set, info))
REVEILLE_REFUSE(int, sigtimedwait,
                (const sigset_t* set, siginfo_t* info, const timespec* time),
                (set, info, time))
REVEILLE_REFUSE(int, select,
                (int count, fd_set* in, fd_set* out, fd_set* other,
                 timeval* time),
                (count, in, out, other, time))
REVEILLE_REFUSE(int, pselect,
                (int count, fd_set* in, fd_set* out, fd_set* other,
                 const timespec* time, const sigset_t* mask),
                (count, in, out, other, time, mask))
REVEILLE_REFUSE(int, accept,
                (int descriptor, sockaddr* address, socklen_t* size),
                (descriptor, address, size))
REVEILLE_REFUSE(int, accept4,
                (int descriptor, sockaddr* address, socklen_t* size, int flags),
                (descriptor, address, size, flags))
REVEILLE_REFUSE(int, connect,
                (int descriptor, const sockaddr* address, socklen_t size),
                (descriptor, address, size))
REVEILLE_REFUSE(ssize_t, recvfrom,
                (int descriptor, void* to, size_t count, int flags,
                 sockaddr* address, socklen_t* size),
                (descriptor, to, count, flags, address, size))
REVEILLE_REFUSE(ssize_t, sendto,
                (int descriptor, const void* from, size_t count, int flags,
                 const sockaddr* address, socklen_t size),
                (descriptor, from, count, flags, address, size))
REVEILLE_REFUSE(ssize_t, recvmsg, (int descriptor, msghdr* message, int flags),
                (descriptor, message, flags))
REVEILLE_REFUSE(ssize_t, sendmsg,
                (int descriptor, const msghdr* message, int flags),
                (descriptor, message, flags))
REVEILLE_REFUSE_NOEXCEPT(int, flock, (int descriptor, int operation),
                         (descriptor, operation))
REVEILLE_REFUSE(int, lockf, (int descriptor, int command, off_t size),
                (descriptor, command, size))
REVEILLE_REFUSE(ssize_t, msgrcv,
                (int queue, void* to, size_t size, long type, int flags),
                (queue, to, size, type, flags))
REVEILLE_REFUSE(int, msgsnd,
                (int queue, const void* from, size_t size, int flags),
                (queue, from, size, flags))
REVEILLE_REFUSE_NOEXCEPT(int, semop,
                         (int set, sembuf* operations, size_t count),
                         (set, operations, count))

REVEILLE_INTERPOSE __attribute__((noreturn)) void pthread_exit(void* result) {
  if (Self() != nullptr) Refuse("pthread_exit");
  REVEILLE_NEXT(pthread_exit)(result);
  __builtin_unreachable();
}

REVEILLE_INTERPOSE __attribute__((noreturn)) void exit(int status) noexcept {
  if (Fiber* self = Self()) {
    g_execution.outcome.thread = self->id;
    End(Verdict::kCrash, "thread %d calls exit(%d)", self->id, status);
  }
  REVEILLE_NEXT(exit)(status);
  __builtin_unreachable();
}

REVEILLE_INTERPOSE __attribute__((noreturn)) void _exit(int status) {
  if (Fiber* self = Self()) {
    g_execution.outcome.thread = self->id;
    End(Verdict::kCrash, "thread %d calls _exit(%d)", self->id, status);
  }
  native::Exit(status);
}
