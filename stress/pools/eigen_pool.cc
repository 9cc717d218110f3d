// Eigen's ThreadPool, its headers unchanged.
//
// It neither refuses work nor waits for it: both are counted around it here.
// Its destructor runs what is queued. Threads that find no work spin before
// they sleep when the configuration asks for a patient search.
#include <functional>
#include <memory>
#include <unsupported/Eigen/CXX11/ThreadPool>
#include <utility>

#include "stress/pools/outstanding.h"
#include "stress/pools/pool.h"

namespace reveille::stress {
namespace {

class EigenPool final : public Pool {
 public:
  explicit EigenPool(const PoolConfig& config)
      : parallelism_(config.parallelism),
        pool_(config.parallelism, config.patient_search) {}

  bool Submit(PoolFn fn) override {
    if (!outstanding_.Add()) return false;
    // A std::function must be copyable, a PoolFn is not.
    auto shared = std::make_shared<PoolFn>(std::move(fn));
    pool_.Schedule([this, shared] { outstanding_.Run(std::move(*shared)); });
    return true;
  }

  int Parallelism() const override { return parallelism_; }

  bool Shutdown(PoolClock::time_point deadline) override {
    return outstanding_.CloseAndWait(deadline);
  }

 private:
  const int parallelism_;
  Outstanding outstanding_;
  Eigen::ThreadPool pool_;
};

absl::StatusOr<std::unique_ptr<Pool>> Create(const PoolConfig& config) {
  if (config.parallelism < 1) {
    return absl::InvalidArgumentError("parallelism must be at least 1");
  }
  return std::make_unique<EigenPool>(config);
}

REVEILLE_POOL("eigen", Create);

}  // namespace
}  // namespace reveille::stress
