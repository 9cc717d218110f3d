// Eigen's ThreadPool, with and without the spinning of its idle threads. When a
// worker's queue (1024 tasks) is full it runs the task inside Schedule(): see
// the counter inline%.
#include <functional>
#include <unsupported/Eigen/CXX11/ThreadPool>
#include <utility>

#include "bench.h"
#include "workloads.h"

namespace reveille::bench {
namespace {

template <bool kSpinning>
class EigenPool {
 public:
  static constexpr const char* kName = kSpinning ? "eigen_spin" : "eigen";

  explicit EigenPool(int workers) : pool_(workers, kSpinning) {}

  template <typename F>
  void Submit(F&& f) {
    pool_.Schedule(std::function<void()>(std::forward<F>(f)));
  }
  template <typename F>
  void Spawn(F&& f) {
    Submit(std::forward<F>(f));
  }

 private:
  Eigen::ThreadPool pool_;
};

[[maybe_unused]] const bool registered = [] {
  RegisterCommon<EigenPool<false>>();
  RegisterCommon<EigenPool<true>>();
  return true;
}();

}  // namespace
}  // namespace reveille::bench
