#pragma once

#include "control/cluster/cluster.h"
#include "control/publish/caller_rates.h"
#include "control/rpc/call_queue.h"
#include "control/rpc/control_service.h"
#include "control/rpc/open_calls.h"

namespace sluice {

// Waits for a call of ControlService.Publish on `queue`, and whenever one comes, for the next.
// All outlive the queue.
struct PublishServing {
  RawControlService& service;
  Cluster& cluster;
  const CallerDoor* door;  // Decides who may call; null: everybody.
  CallerRates& rates;
  RpcCounts::Method& counts;  // Of each entry.
  OpenCalls& open_calls;
};
void ServePublish(const PublishServing& serving, CallQueue& queue);

}  // namespace sluice
