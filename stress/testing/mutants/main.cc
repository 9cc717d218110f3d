// Prints the pool's answer, whose mutant this is, and the bugs that it knows.
#include <cstdio>

#include "stress/driver/mutants.h"

#ifndef REVEILLE_MUTANT
#define REVEILLE_MUTANT "product"
#endif

int PoolAnswer();

int main() {
  std::printf("%s %d\n", REVEILLE_MUTANT, PoolAnswer());
  for (const reveille::stress::Mutant& m : reveille::stress::AllMutants()) {
    std::printf("%s: %s | %s | %s | %s\n", m.name.c_str(), m.bug.c_str(),
                m.mirrors.c_str(), m.breaks.c_str(), m.expect.c_str());
  }
}
