// Adds one to the greatest int.
#include <limits>

int main() {
  volatile int greatest = std::numeric_limits<int>::max();
  greatest = greatest + 1;
  return 0;
}
