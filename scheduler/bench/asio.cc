// Boost.Asio's thread_pool, with its timers and sockets on the pool's own
// executor type, so that no polymorphic executor slows it down.
#include <sys/socket.h>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "bench.h"
#include "workloads.h"

namespace reveille::bench {
namespace {

namespace asio = boost::asio;

class Asio {
 public:
  static constexpr const char* kName = "asio";

  explicit Asio(int workers) : pool_(workers) {}
  ~Asio() { pool_.join(); }

  template <typename F>
  void Submit(F&& f) {
    asio::post(pool_, std::forward<F>(f));
  }
  template <typename F>
  void Spawn(F&& f) {
    asio::post(pool_, std::forward<F>(f));
  }
  asio::thread_pool& pool() { return pool_; }

 private:
  asio::thread_pool pool_;
};

using Executor = asio::thread_pool::executor_type;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               Executor>;
using Socket =
    asio::basic_stream_socket<asio::local::stream_protocol, Executor>;

// Moving a timer cancels its wait, whose handler then runs: that is how its
// users move a deadline, and it is part of the price.
void ChurnTimers(Asio* pool, Gate* done, uint64_t seed) {
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < kTimers; ++i) {
    timers.push_back(std::make_unique<Timer>(pool->pool().get_executor()));
  }
  ForEachChurn(seed, [&](int timer, std::chrono::nanoseconds after, bool stop) {
    if (stop) {
      timers[timer]->cancel();
    } else {
      timers[timer]->expires_after(after);
      timers[timer]->async_wait([](const boost::system::error_code&) {});
    }
  });
  done->Arrive();
}

void TimerChurn(benchmark::State& state) {
  Ready<Asio> ready;
  while (state.KeepRunningBatch(2 * kChurns)) {
    Gate done(2);
    for (uint64_t seed : {1, 2}) {
      ready.pool.Submit([&, seed] { ChurnTimers(&ready.pool, &done, seed); });
    }
    done.Await();
  }
  ready.Report(state);
}

// One end of a pair: reads, writes what it has read, and so on.
class Peer : public std::enable_shared_from_this<Peer> {
 public:
  // rounds < 0: echo until the other end closes.
  Peer(Asio* pool, int fd, int rounds, Gate* done)
      : socket_(pool->pool().get_executor(), asio::local::stream_protocol(),
                fd),
        rounds_(rounds),
        done_(done) {}
  ~Peer() { done_->Arrive(); }

  void Read() {
    socket_.async_read_some(
        asio::buffer(buffer_),
        [self = shared_from_this()](const boost::system::error_code& error,
                                    size_t bytes) {
          if (!error && --self->rounds_ != 0) self->Write(bytes);
        });
  }
  void Write(size_t bytes) {
    socket_.async_write_some(
        asio::buffer(buffer_, bytes),
        [self = shared_from_this()](const boost::system::error_code& error,
                                    size_t) {
          if (!error) self->Read();
        });
  }

 private:
  Socket socket_;
  int rounds_;
  Gate* done_;
  char buffer_[kEchoBytes];
};

void NetpollEcho(benchmark::State& state) {
  Ready<Asio> ready;
  while (state.KeepRunningBatch(int64_t{kEchoPairs} * kEchoRounds)) {
    Gate done(2 * kEchoPairs);
    for (int i = 0; i < kEchoPairs; ++i) {
      const SocketPair pair;
      std::make_shared<Peer>(&ready.pool, pair.fds[0], -1, &done)->Read();
      std::make_shared<Peer>(&ready.pool, pair.fds[1], kEchoRounds, &done)
          ->Write(kEchoBytes);
    }
    done.Await();
  }
  ready.Report(state);
}

[[maybe_unused]] const bool registered = [] {
  RegisterCommon<Asio>();
  Register("timer_churn", Asio::kName, &TimerChurn);
  Register("netpoll_echo", Asio::kName, &NetpollEcho);
  return true;
}();

}  // namespace
}  // namespace reveille::bench
