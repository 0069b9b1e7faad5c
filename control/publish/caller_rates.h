#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>

#include <cstddef>
#include <string>

#include "edge/base/clock.h"
#include "edge/base/mutex.h"
#include "edge/base/rate_limit.h"

namespace sluice {

// How many events each caller may publish in a second (--max-publish-rate), up to a second's worth
// at once. Callers without an id, where nobody has to say who they are, count as one.
// Thread: any; one mutex, and none when there is no limit.
// Limits: one entry a caller that has published within the last seconds.
class CallerRates {
 public:
  // 0: any rate.
  CallerRates(double per_second_max, const Clock& clock)
      : per_second_max_(per_second_max), clock_(clock) {}

  // RESOURCE_EXHAUSTED, reason PUBLISH_RATE, with google.rpc.RetryInfo: not now.
  absl::Status Take(const std::string& caller_id);

 private:
  const double per_second_max_;
  const Clock& clock_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, RateLimit> rates_ ABSL_GUARDED_BY(mutex_);
  std::size_t pruned_size_ ABSL_GUARDED_BY(mutex_) = 0;  // After those at rest were last dropped.
};

}  // namespace sluice
