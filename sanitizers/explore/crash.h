// Signals that mean that the code under test went wrong.
#ifndef REVEILLE_SANITIZERS_EXPLORE_CRASH_H_
#define REVEILLE_SANITIZERS_EXPLORE_CRASH_H_

namespace reveille::explore {

// From now on SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and SIGTRAP raised by a
// fiber end its execution with the verdict `crash`; elsewhere they do what they
// did before. Idempotent; checks that nobody took the handlers away.
void CatchCrashes();

// Ends an execution that has done no visible operation for `seconds` of real
// time: an endless loop that the lens cannot see into. 0 switches it off. Only
// for processes that do nothing but explore: it uses ITIMER_REAL.
void WatchForSilence(int seconds);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_CRASH_H_
