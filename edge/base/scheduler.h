#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/time/time.h>

namespace sluice {

// Runs tasks later on the thread of whoever gives them. Injected with its clock, so that tests can
// play what depends on time without waiting for it.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  // As of Clock.
  virtual absl::Duration Uptime() const = 0;

  // After this turn of the loop.
  virtual void Post(absl::AnyInvocable<void()> task) = 0;

  // Can't be called off: the task looks at whether it is still wanted.
  virtual void After(absl::Duration delay, absl::AnyInvocable<void()> task) = 0;
};

}  // namespace sluice
