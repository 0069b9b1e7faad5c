#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/counts/cluster_counts.h"
#include "control/counts/rpc_counts.h"
#include "edge/counts/edge_counts.h"
#include "server/metrics/process_figures.h"

namespace sluice {

// All that /metrics tells, read when it is asked for.
struct MetricsSnapshot {
  std::string version;
  EdgeCounts edge;
  std::size_t connections = 0;
  std::size_t connections_max = 0;
  std::size_t queued_bytes = 0;
  std::size_t queued_bytes_max = 0;
  ClusterCounts cluster;
  Backplane::Health backplane;
  std::vector<RpcCounts::Totals> rpcs;
  std::optional<bool> has_good_keys;  // None: no keys are fetched.
  bool is_ready = false;
  ProcessFigures process;
};

// In the text format of Prometheus. Names and units follow "Metric and label naming"; no label
// holds an id.
std::string RenderMetrics(const MetricsSnapshot& snapshot);

}  // namespace sluice
