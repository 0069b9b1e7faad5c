#pragma once

#include "control/cluster/cluster.h"
#include "control/rpc/call_queue.h"
#include "control/rpc/control_service.h"

namespace sluice {

// Waits for a call of ControlService.Publish on `queue`, and whenever one comes, for the next.
// Service and cluster outlive the queue.
void ServePublish(RawControlService& service, Cluster& cluster, CallQueue& queue);

}  // namespace sluice
