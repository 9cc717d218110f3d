// Task<T>: the coroutine type of Reveille.
//
//   Task<int> Read(int fd) {
//     co_await WaitReadable(fd);
//     ...
//     co_return n;
//   }
//
// Lazy: it starts when it is awaited or given to Scheduler::Spawn(). Awaiting
// it runs it on the same G, by symmetric transfer, so that a chain of any
// length uses no stack. An exception leaves through the co_await; from the
// outermost it goes to Options::on_exception.
//
// Inside, co_await takes Reveille's operations and other Tasks. A coroutine
// that suspends on something else ends the process with the task named: its G
// could never be found again.
#ifndef REVEILLE_COROUTINE_H_
#define REVEILLE_COROUTINE_H_

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

// Coroutine frames are recycled. Whoever looks for uses of a coroutine that has
// ended defines this as 0, in all that is linked together or in a part of it:
// recycled memory is another coroutine's at once, and a late use no error any
// more.
#if !defined(REVEILLE_RECYCLE_FRAMES)
#define REVEILLE_RECYCLE_FRAMES 1
#endif

namespace reveille {

template <typename T>
class Task;

namespace internal {

// Tells the worker that the outermost coroutine of its task has ended.
void RootCoroutineEnded();
void* AllocateFrame(size_t bytes);
void FreeFrame(void* frame, size_t bytes) noexcept;

// Two types, so that translation units which disagree do not share functions.
template <bool kRecycle>
struct FrameMemory {
  static void* operator new(size_t bytes) {
    return kRecycle ? AllocateFrame(bytes) : ::operator new(bytes);
  }
  static void operator delete(void* frame, size_t bytes) noexcept {
    kRecycle ? FreeFrame(frame, bytes) : ::operator delete(frame, bytes);
  }
};

struct PromiseBase : FrameMemory<REVEILLE_RECYCLE_FRAMES != 0> {
  std::coroutine_handle<> continuation;
  std::exception_ptr exception;

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(
        std::coroutine_handle<Promise> self) const noexcept {
      if (self.promise().continuation) return self.promise().continuation;
      RootCoroutineEnded();
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object() noexcept;
  template <typename U>
  void return_value(U&& u) {
    value.emplace(std::forward<U>(u));
  }
  T Take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void Take() const noexcept {}
};

}  // namespace internal

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Task() { Destroy(); }

  auto operator co_await() && noexcept {
    struct Awaiter {
      Handle handle;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(
          std::coroutine_handle<> caller) const noexcept {
        handle.promise().continuation = caller;
        return handle;
      }
      T await_resume() const {
        if (handle.promise().exception) {
          std::rethrow_exception(handle.promise().exception);
        }
        return handle.promise().Take();
      }
    };
    return Awaiter{handle_};
  }

  // For Spawn(): gives the frame away.
  Handle Release() { return std::exchange(handle_, {}); }

 private:
  void Destroy() {
    if (handle_) handle_.destroy();
  }
  Handle handle_;
};

namespace internal {
template <typename T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
}  // namespace internal

}  // namespace reveille

#endif  // REVEILLE_COROUTINE_H_
