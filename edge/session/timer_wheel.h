#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "edge/base/thread_checker.h"

namespace sluice {

// All deadlines of a shard in one structure that costs a list link a connection (Varghese and
// Lauck, "Hashed and hierarchical timing wheels", scheme 6). Time stands still between two calls of
// Advance. Owner:  the shard. A timer unlinks itself when it is destroyed, and must not outlive the
// wheel. Thread: the shard. Limits: deadlines are rounded up to the next tick; any deadline may be
// set, one beyond a turn of
//         the wheel is looked at once a turn.
class TimerWheel {
 public:
  using Tick = std::uint64_t;
  static constexpr absl::Duration kTickLength = absl::Milliseconds(100);

  // Something with a deadline. It has at most one.
  class Timer {
   public:
    Timer() = default;
    virtual ~Timer() { Unlink(); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    // The deadline has passed, and the timer is no longer scheduled. It may schedule any timer, and
    // may destroy itself.
    virtual void OnDeadline() = 0;

    bool is_scheduled() const { return next_ != nullptr; }
    Tick deadline() const { return deadline_; }
    void Unlink();

   private:
    friend class TimerWheel;
    Timer* previous_ = nullptr;
    Timer* next_ = nullptr;
    Tick deadline_ = 0;
  };

  TimerWheel();

  Tick now() const { return now_; }

  // The tick in which `delay` from now will have passed; at least the next one.
  Tick After(absl::Duration delay) const;

  // Sets the timer's deadline, in place of an earlier one.
  void Schedule(Timer& timer, Tick deadline);

  // Moves time to `now` and calls timers whose deadline has come, at most `calls_max` of them.
  // False when some are left, which the next call goes on with: ten thousand heartbeats in one tick
  // must not hold up an event.
  bool Advance(Tick now, std::size_t calls_max);

 private:
  // The head of a circular list.
  class Slot : public Timer {
   public:
    void OnDeadline() override {}
  };

  static void Link(Timer& head, Timer& timer);

  ThreadChecker thread_;
  Tick now_ = 0;
  Tick expired_until_ = 0;  // Every slot up to this tick has been emptied of what is due.
  std::vector<Slot> slots_;
};

}  // namespace sluice
