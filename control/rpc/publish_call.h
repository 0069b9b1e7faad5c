#pragma once

#include "control/cluster/cluster.h"
#include "control/rpc/call_queue.h"
#include "control/rpc/control_service.h"
#include "control/rpc/open_calls.h"

namespace sluice {

// Waits for a call of ControlService.Publish on `queue`, and whenever one comes, for the next.
// `door` decides who may call; null: everybody. All outlive the queue.
void ServePublish(RawControlService& service, Cluster& cluster, const CallerDoor* door,
                  OpenCalls& open_calls, CallQueue& queue);

}  // namespace sluice
