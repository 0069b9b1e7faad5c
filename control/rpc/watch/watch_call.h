#pragma once

#include "control/cluster/cluster.h"
#include "control/rpc/call_queue.h"
#include "control/rpc/control_service.h"
#include "control/rpc/open_calls.h"

namespace sluice {

// What calls of ControlService.WatchClients need. All outlive the queue.
struct WatchServing {
  RawControlService& service;
  Cluster& cluster;
  const CallerDoor* door;  // Decides who may call; null: everybody.
  RpcCounts::Method& counts;
  OpenCalls& open_calls;
};

// Waits for a call on `queue`, and whenever one comes, for the next.
void ServeWatch(const WatchServing& serving, CallQueue& queue);

}  // namespace sluice
