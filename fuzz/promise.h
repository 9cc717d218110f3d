// What a target holds the code to. A broken promise ends the process, so that
// the engine keeps the input; its words are part of the finding's signature, so
// they name the promise and no value of this run.
#ifndef REVEILLE_FUZZ_PROMISE_H_
#define REVEILLE_FUZZ_PROMISE_H_

#include <cstdio>
#include <cstdlib>

namespace reveille::fuzz {

[[noreturn]] __attribute__((noinline)) inline void BrokenPromise(
    const char* what) {
  std::fprintf(stderr, "BROKEN PROMISE: %s\n", what);
  std::abort();
}

inline void Promise(bool kept, const char* what) {
  if (__builtin_expect(!kept, 0)) BrokenPromise(what);
}

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_PROMISE_H_
