#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>

#include <atomic>
#include <string>
#include <string_view>

#include "edge/base/clock.h"
#include "edge/base/mutex.h"

namespace sluice {

// The clients whose requests for streams are refused for a while.
// Owner:  the cluster, which learns of them; outlives the edge.
// Thread: any.
// Limits: whoever blocks clients bounds them; an entry goes when its time is over and another one
//         is added.
class BlockedClients {
 public:
  explicit BlockedClients(const Clock& clock) : clock_(clock) {}

  void Block(const std::string& client_id, absl::Duration left);

  bool IsBlocked(std::string_view client_id) const;

 private:
  const Clock& clock_;
  // Written under the mutex, read without it: almost always nobody is blocked. Relaxed, because a
  // block holds for requests that come after it has been answered, and that goes over a network.
  std::atomic<bool> is_empty_{true};
  mutable Mutex mutex_;
  // Until when, by the clock's uptime.
  absl::flat_hash_map<std::string, absl::Duration> blocked_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
