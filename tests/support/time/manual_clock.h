#pragma once

#include <absl/time/time.h>

#include "edge/base/clock.h"

namespace sluice::tests {

// A clock that stands still until a test moves it.
// Thread: one thread, or as the test orders it.
class ManualClock : public Clock {
 public:
  absl::Time Now() const override { return now_; }
  absl::Duration Uptime() const override { return uptime_; }

  // Time passes on both clocks.
  void Advance(absl::Duration passed) {
    now_ += passed;
    uptime_ += passed;
  }

  // Only the time of day jumps, as when an operator sets it.
  void SetNow(absl::Time now) { now_ = now; }

 private:
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  absl::Duration uptime_ = absl::Hours(1);
};

}  // namespace sluice::tests
