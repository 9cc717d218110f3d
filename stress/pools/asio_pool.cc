// Boost.Asio's thread_pool, its headers unchanged.
//
// It neither refuses work nor tells when it is done: both are counted around it
// here.
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <utility>

#include "stress/pools/outstanding.h"
#include "stress/pools/pool.h"

namespace reveille::stress {
namespace {

class AsioPool final : public Pool {
 public:
  explicit AsioPool(const PoolConfig& config)
      : parallelism_(config.parallelism),
        pool_(static_cast<std::size_t>(config.parallelism)) {}

  // Runs what is queued; the destructor alone would drop it.
  ~AsioPool() override { pool_.join(); }

  bool Submit(PoolFn fn) override {
    if (!outstanding_.Add()) return false;
    boost::asio::post(pool_, [this, fn = std::move(fn)]() mutable {
      outstanding_.Run(std::move(fn));
    });
    return true;
  }

  int Parallelism() const override { return parallelism_; }

  bool Shutdown(PoolClock::time_point deadline) override {
    return outstanding_.CloseAndWait(deadline);
  }

 private:
  const int parallelism_;
  Outstanding outstanding_;
  boost::asio::thread_pool pool_;
};

absl::StatusOr<std::unique_ptr<Pool>> Create(const PoolConfig& config) {
  if (config.parallelism < 1) {
    return absl::InvalidArgumentError("parallelism must be at least 1");
  }
  return std::make_unique<AsioPool>(config);
}

REVEILLE_POOL("asio", Create);

}  // namespace
}  // namespace reveille::stress
