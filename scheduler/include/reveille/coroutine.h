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
#include <type_traits>
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

// What a Task<T> of any T is: the owner of a frame.
struct FrameOwner {
  std::coroutine_handle<> frame;

  void Destroy() {
    if (frame) std::exchange(frame, {}).destroy();
  }
};

struct PromiseBase : FrameMemory<REVEILLE_RECYCLE_FRAMES != 0> {
  std::coroutine_handle<> continuation;
  std::exception_ptr exception;
  // The Task that this coroutine awaits, null while it awaits anything else,
  // and the object that owns its own frame. So a chain that is cut off can be
  // destroyed from its innermost end, without a stack of its depth.
  PromiseBase* awaited = nullptr;
  FrameOwner* owner;  // Set by whoever gets the Task.

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
class [[nodiscard]] Task : private internal::FrameOwner {
 public:
  using promise_type = internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) { Own(handle); }
  Task(Task&& other) noexcept { Own(other.Release()); }
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Destroy();
      Own(other.Release());
    }
    return *this;
  }
  ~Task() { Destroy(); }

  auto operator co_await() && noexcept {
    return Awaiter{Handle::from_address(frame.address()), nullptr};
  }

  // For Spawn(): gives the frame away.
  Handle Release() {
    return Handle::from_address(std::exchange(frame, {}).address());
  }

 private:
  struct Awaiter {
    Handle handle;
    internal::PromiseBase* caller;  // Null: a coroutine of another library.
    bool await_ready() const noexcept { return false; }
    template <typename Caller>
    std::coroutine_handle<> await_suspend(
        std::coroutine_handle<Caller> awaiter) noexcept {
      promise_type& promise = handle.promise();
      promise.continuation = awaiter;
      if constexpr (std::is_base_of_v<internal::PromiseBase, Caller>) {
        caller = &awaiter.promise();
        caller->awaited = &promise;
      }
      return handle;
    }
    T await_resume() const {
      if (caller != nullptr) caller->awaited = nullptr;
      promise_type& promise = handle.promise();
      if (promise.exception) std::rethrow_exception(promise.exception);
      return promise.Take();
    }
  };

  void Own(Handle handle) noexcept {
    frame = handle;
    if (handle) handle.promise().owner = this;
  }
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
