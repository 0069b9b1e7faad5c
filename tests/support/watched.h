#pragma once

#include <absl/time/time.h>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace sluice::tests {

// How long a test waits for what should come at once. Long, because a machine that builds beside it
// is slow, and because a test that passes never waits that long.
inline constexpr absl::Duration kPatience = absl::Seconds(30);

// A value that one thread changes and another waits on: what a test has instead of sleeping.
// Thread: any thread. The functions given run under the mutex; they must not call back.
template <typename Value>
class Watched {
 public:
  Watched() = default;
  explicit Watched(Value value) : value_(std::move(value)) {}

  // Calls change(Value&), then wakes every waiter. Under the mutex, so that a waiter may destroy
  // this as soon as it has been told.
  template <typename Change>
  void Update(Change change) {
    const std::lock_guard lock(mutex_);
    change(value_);
    changed_.notify_all();
  }

  // What read(const Value&) returns.
  template <typename Reader>
  auto Read(Reader read) const {
    const std::lock_guard lock(mutex_);
    return read(value_);
  }

  Value Copy() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  // True as soon as holds(const Value&) does, which is asked now and after each change; false when
  // it still does not after `timeout`.
  template <typename Predicate>
  bool WaitFor(Predicate holds, absl::Duration timeout) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout),
                             [this, &holds] { return holds(value_); });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Value value_ = {};
};

}  // namespace sluice::tests
