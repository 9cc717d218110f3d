// Two threads write one variable with nothing between them.
#include <thread>

namespace {
volatile int unguarded = 0;
void Write() { unguarded = unguarded + 1; }
}  // namespace

int main() {
  std::thread other(Write);
  Write();
  other.join();
  return 0;
}
