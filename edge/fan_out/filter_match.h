#pragma once

#include "edge/fan_out/fan_out.h"
#include "edge/session/session.h"

namespace sluice {

// Whether the filter holds for the session, whether it is live or still joining.
// Thread: the shard.
bool Holds(const DeliveryFilter& filter, Session& session);

}  // namespace sluice
