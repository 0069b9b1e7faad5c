#pragma once

#include "edge/session/session.h"
#include "edge/shard/fan_out.h"

namespace sluice {

// Whether the filter holds for the session, whether it is live or still joining.
// Thread: the shard.
bool Holds(const DeliveryFilter& filter, Session& session);

}  // namespace sluice
