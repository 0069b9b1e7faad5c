#pragma once

#include <absl/status/statusor.h>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "control/backplane/backplane.h"
#include "control/cluster/cluster.h"
#include "control/rpc/grpc_server.h"
#include "edge/base/clock.h"
#include "edge/base/mutex.h"
#include "edge/edge.h"
#include "server/admin_server.h"
#include "server/config.h"
#include "server/door/doors.h"

namespace sluice {

// All parts of the process, wired together.
// Owner:  main.
// Thread: Start and Shutdown from one thread.
class Replica {
 public:
  // Everything listens when it returns. Errors name the port that could not be had.
  static absl::StatusOr<std::unique_ptr<Replica>> Start(const Config& config);
  ~Replica();

  // Health says NOT_SERVING and new streams are told to come back; after --shutdown-delay every
  // stream is told and ended, spread over --drain; then calls are finished. Returns when that is
  // done, or has taken too long. `is_at_once`: without delay, and all streams together.
  void Shutdown(bool is_at_once);

  // Reads files again that have changed: keys, tokens, certificates.
  void ReloadFiles() { doors_->Reload(); }

 private:
  explicit Replica(const Config& config);

  Readiness CheckReadiness() const;
  std::optional<std::string> ReadMetrics();

  // gRPC's health is what both say: this process, and the backplane.
  void UpdateHealth();

  const Config config_;
  const SystemClock clock_;
  // Asked by the edge and the gRPC server until they have stopped.
  std::unique_ptr<Doors> doors_;
  // What is below is destroyed before the gRPC server: answers that never came are sent as errors
  // then.
  std::unique_ptr<GrpcServer> grpc_server_;
  boost::asio::io_context cluster_context_{1};
  std::unique_ptr<Backplane> backplane_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<Edge> edge_;
  std::unique_ptr<AdminServer> admin_server_;
  // Written by Shutdown's thread, read by the admin port's; relaxed, it guards nothing else.
  std::atomic<bool> is_serving_{false};
  // Written when Start is done, read by the admin port's thread, which then sees all parts.
  std::atomic<bool> has_started_{false};
  Mutex health_mutex_;  // So that the last word is the newest.
};

}  // namespace sluice
