// Reads memory that has been given back.
namespace {
// Volatile, or compilers see the bug and say so, or remove it.
int* volatile kept = nullptr;
}  // namespace

int main() {
  kept = new int(7);
  delete kept;
  return *kept == 7 ? 0 : 3;
}
