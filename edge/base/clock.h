#pragma once

#include <absl/time/time.h>

namespace sluice {

// Where time comes from, so that tests can move it by hand.
// Thread: any thread.
class Clock {
 public:
  virtual ~Clock() = default;

  // The time of day; may jump. For what people read and for event numbers.
  virtual absl::Time Now() const = 0;

  // Time since some fixed moment; never jumps and never goes back. For deadlines.
  virtual absl::Duration Uptime() const = 0;
};

// The machine's clocks.
class SystemClock : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration Uptime() const override;
};

}  // namespace sluice
