// What the kernel says about the threads of this process: who sleeps, who ran.
// The only witness that needs no help from the pool under test.
#ifndef REVEILLE_STRESS_THREAD_SAMPLE_H_
#define REVEILLE_STRESS_THREAD_SAMPLE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace reveille::stress {

struct ThreadSample {
  int tid = 0;
  char state = '?';    // As in proc(5): R runs or could, S sleeps, D waits for
                       // a disk or a page.
  int64_t cpu_ns = 0;  // Processor time since its birth, exact.
};

// Every thread but the observers, ascending by tid. A thread that ends
// meanwhile is left out.
std::vector<ThreadSample> SampleThreads();
// As in proc(5); '?' when there is no such thread (any more).
char ThreadState(int tid);
std::string ThreadName(int tid);
std::vector<int> AllThreads();  // Ascending, observers included.
int CurrentTid();

// Marks the calling thread, while it lives, as one of the driver's own that
// watch or disturb: it is no part of what is judged. At most 64 at a time.
class ObserverThread {
 public:
  // `name` is what debuggers and finding folders call it: 15 letters at most.
  explicit ObserverThread(const char* name);
  ~ObserverThread();
  ObserverThread(const ObserverThread&) = delete;
  ObserverThread& operator=(const ObserverThread&) = delete;

 private:
  int slot_;
};
bool IsObserver(int tid);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_THREAD_SAMPLE_H_
