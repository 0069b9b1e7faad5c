#pragma once

#include <absl/functional/function_ref.h>

#include <cstddef>
#include <vector>

#include "edge/session/outbox_budget.h"
#include "edge/session/session.h"

namespace sluice {

// Ends those of the sessions that hold most of what waits (reason slow), until the budget is kept
// or they hold no more than `share`. Those that are ending anyway go first: they hold what the
// living could use.
// Thread: the sessions' shard.
void EndFullest(std::vector<Session*> sessions, const OutboxBudget& budget, std::size_t share,
                absl::FunctionRef<FramePointer()> farewell);

}  // namespace sluice
