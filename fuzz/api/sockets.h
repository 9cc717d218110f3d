// Descriptors that a script waits for: pairs of connected sockets, and numbers
// that cannot be waited for.
#ifndef REVEILLE_FUZZ_API_SOCKETS_H_
#define REVEILLE_FUZZ_API_SOCKETS_H_

#include <functional>
#include <mutex>

namespace reveille::fuzz {

class SocketPair {
 public:
  // near() is `at_least`, or above, where the limit of descriptors allows it.
  explicit SocketPair(int at_least);
  ~SocketPair();
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;

  int near() const { return near_; }
  bool closed() const;
  // Lets `close` close near(), once.
  void Close(const std::function<void()>& close);

  void MakeReadable() const;
  void EndOfFile() const;
  // So much that it is not writable any more.
  void Fill() const;
  void Empty() const;
  // near() becomes another file under the same number, unheard by anybody.
  void Reuse();

 private:
  int near_ = -1;
  int far_ = -1;
  mutable std::mutex mutex_;
  bool closed_ = false;  // Guarded by mutex_.
};

// A file on a disk, always ready and refused by epoll; lasts for ever.
int RegularFile();

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_API_SOCKETS_H_
