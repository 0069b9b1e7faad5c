#pragma once

#include <absl/time/clock.h>
#include <absl/time/time.h>

#include <condition_variable>
#include <mutex>

#include "tests/support/watched.h"

namespace sluice::tests {

// Asks holds() again and again until it is true or `timeout` has passed, and says which. Only for
// what another process knows and tells nobody; for everything else there is Watched.
template <typename Predicate>
bool Eventually(Predicate holds, absl::Duration timeout = kPatience) {
  const absl::Time deadline = absl::Now() + timeout;
  absl::Duration pause = absl::Milliseconds(1);
  std::mutex mutex;
  std::condition_variable nobody_notifies;
  while (!holds()) {
    if (absl::Now() > deadline) return false;
    std::unique_lock lock(mutex);
    nobody_notifies.wait_for(lock, absl::ToChronoNanoseconds(pause));
    if (pause < absl::Milliseconds(50)) pause *= 2;
  }
  return true;
}

}  // namespace sluice::tests
