#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

#include "edge/base/clock.h"
#include "edge/connection_observer.h"
#include "edge/door/limits/stream_limits.h"
#include "edge/edge_guards.h"
#include "edge/edge_options.h"
#include "edge/http/answer.h"
#include "edge/session/outbox_budget.h"

namespace sluice {

// What all shards of a replica share.
struct ShardContext {
  const EdgeOptions& options;
  const CorsPolicy& cors;
  const Clock& clock;
  OutboxBudget& outbox_budget;
  ConnectionObserver& observer;
  EdgeGuards guards;
  // Open streams of all shards. Written by every shard as streams come and go, read to admit one;
  // relaxed, because it guards nothing but itself and may be off by the shards' number.
  std::atomic<std::size_t>& connection_count;
  StreamLimits& limits;
  // Ends a stream of any shard, whose place a newer one has taken.
  std::function<void(ConnectionId)> replace;
};

}  // namespace sluice
