#pragma once

#include <sluice/v1/control_service.grpc.pb.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/measure/latency_histogram.h"
#include "tests/support/process/server_process.h"

namespace sluice::bench {

// A Sluice under load, and the ways in which the bench calls it.
class BenchServer {
 public:
  explicit BenchServer(int shards);

  int http_port() const { return server_.http_port(); }
  pid_t pid() { return server_.process().pid(); }

  // Broadcasts `events` events of `data_bytes` over one Publish stream. `waits`: each after the one
  // before has entered all outboxes, so that none can share a send; else all at once.
  void Broadcast(int events, int data_bytes, bool waits);

  // The bytes that a stream gets for one such event.
  std::string CaptureFrame(int data_bytes);

  // Round trips of `calls` unary SendToClient calls, `pause_ms` apart.
  LatencyHistogram TimeSendToClient(int calls, int pause_ms, const std::string& client_id);

 private:
  tests::ServerProcess server_;
  std::unique_ptr<v1::ControlService::Stub> stub_;
};

// Event data of this size that tells the time (kTimestampMark).
std::string TimestampedData(int bytes);

}  // namespace sluice::bench
