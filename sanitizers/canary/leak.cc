// Forgets the only pointer to a block.
namespace {
int* volatile kept = nullptr;
}  // namespace

int main() {
  kept = new int[100];
  kept = nullptr;
  return 0;
}
