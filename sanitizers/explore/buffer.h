// A growing array that never moves and never touches the application's heap.
//
// The runtime must not use std containers (README, "One copy of every
// template") and must not allocate from the arena of the code under test. A
// Buffer reserves address space once; pages appear as they are first written.
// Owned by one kernel thread; not synchronised.
#ifndef REVEILLE_SANITIZERS_EXPLORE_BUFFER_H_
#define REVEILLE_SANITIZERS_EXPLORE_BUFFER_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

namespace reveille::explore {

// Address space for `bytes` bytes, zeroed, private, backed only where written.
inline void* ReserveMemory(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) __builtin_trap();
  return memory;
}

template <typename T>
class Buffer {
 public:
  constexpr Buffer() = default;
  explicit Buffer(size_t capacity) { Reserve(capacity); }
  ~Buffer() {
    if (data_ != nullptr) munmap(data_, capacity_ * sizeof(T));
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept { Swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Swap(other);
    return *this;
  }

  void Reserve(size_t capacity) {
    if (data_ != nullptr) return;
    data_ = static_cast<T*>(ReserveMemory(capacity * sizeof(T)));
    capacity_ = capacity;
  }

  // False, and nothing stored, when the buffer is full: every list has a bound.
  bool Push(const T& value) {
    if (size_ == capacity_) return false;
    data_[size_++] = value;
    return true;
  }
  void Pop() { --size_; }
  void Clear() { size_ = 0; }
  void Truncate(size_t size) {
    if (size < size_) size_ = size;
  }
  void Assign(const T* from, size_t count) {
    Clear();
    for (size_t i = 0; i < count; ++i) Push(from[i]);
  }
  void RemoveAt(size_t index) {
    for (size_t i = index + 1; i < size_; ++i) data_[i - 1] = data_[i];
    --size_;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t index) { return data_[index]; }
  const T& operator[](size_t index) const { return data_[index]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

 private:
  void Swap(Buffer& other) {
    T* data = data_;
    size_t size = size_;
    size_t capacity = capacity_;
    data_ = other.data_;
    size_ = other.size_;
    capacity_ = other.capacity_;
    other.data_ = data;
    other.size_ = size;
    other.capacity_ = capacity;
  }

  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_BUFFER_H_
