#pragma once

#include <absl/random/bit_gen_ref.h>
#include <absl/time/time.h>

#include <cstddef>
#include <vector>

#include "edge/names/connection_id.h"

namespace sluice {

// When each of a shard's streams is ended in a drain: in random order, evenly over a time, so that
// those who reconnect do not come all at once.
// Thread: the shard.
class PacedEnd {
 public:
  PacedEnd() = default;

  // `now`: uptime of the clock.
  PacedEnd(std::vector<ConnectionId> streams, absl::Duration over, absl::Duration now,
           absl::BitGenRef random);

  // Those that are due and have not been taken. All are when `over` has passed.
  std::vector<ConnectionId> TakeDue(absl::Duration now);

 private:
  std::vector<ConnectionId> streams_;
  absl::Duration over_;
  absl::Duration start_;
  std::size_t taken_ = 0;
};

}  // namespace sluice
