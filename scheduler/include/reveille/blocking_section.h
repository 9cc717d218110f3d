// Tells the scheduler that this thread is about to block in a way that it
// cannot see (a read from disk, a foreign lock, a system call).
//
//   {
//     reveille::BlockingSection blocking;
//     ::fsync(fd);
//   }
//
// Where: inside a task, on the worker's thread. Elsewhere it does nothing, so
// library code may use it freely. Sections nest; the outermost counts. Do not
// suspend a coroutine inside one.
//
// While it lasts, the P may be given to another thread: at once with kLong, or
// after a tick of sysmon with kShort (Go: entersyscallblock and entersyscall).
// On leaving, the task takes its old P back, or an idle one, or waits on its
// own thread until a P is handed to it.
#ifndef REVEILLE_BLOCKING_SECTION_H_
#define REVEILLE_BLOCKING_SECTION_H_

namespace reveille {

class BlockingSection {
 public:
  enum class Expect { kShort, kLong };

  explicit BlockingSection(Expect expect = Expect::kShort);
  ~BlockingSection();

  BlockingSection(const BlockingSection&) = delete;
  BlockingSection& operator=(const BlockingSection&) = delete;

 private:
  bool entered_;
};

}  // namespace reveille

#endif  // REVEILLE_BLOCKING_SECTION_H_
