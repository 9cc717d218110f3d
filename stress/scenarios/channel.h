// Channel: a pair of descriptors that can be made readable or writable at will:
// a pipe, a socket pair, or an eventfd that is both ends itself.
#ifndef REVEILLE_STRESS_SCENARIOS_CHANNEL_H_
#define REVEILLE_STRESS_SCENARIOS_CHANNEL_H_

#include "stress/pools/pool.h"
#include "stress/scenarios/dice.h"

namespace reveille::stress {

class Channel {
 public:
  // Any thread for each end, one at a time.
  explicit Channel(Dice& dice);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  bool ok() const { return read_fd_ >= 0; }
  int read_fd() const { return read_fd_; }
  int write_fd() const { return write_fd_; }

  // Makes the reading end ready.
  void Feed();
  // Takes all that is there; false: there was nothing.
  bool Drain();
  // Until the writing end is not ready any more.
  void Fill();
  // Closes the descriptors, by way of a pool that may know them. The end that
  // somebody waits for comes first: the other one's close would make it ready.
  void CloseThrough(NetpollPool* pool, bool writing_end_first = false);

 private:
  enum class Kind { kPipe, kSocketPair, kEventFd };
  void Open();

  const Kind kind_;
  int read_fd_ = -1;
  int write_fd_ = -1;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_CHANNEL_H_
