#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control/caller/caller_door.h"
#include "control/caller/server_credentials.h"
#include "control/cluster/cluster.h"
#include "control/rpc/call_queue.h"
#include "control/rpc/control_service.h"
#include "control/rpc/health_service.h"

namespace sluice {

struct GrpcServerOptions {
  std::string address;  // ADDRESS:PORT; port 0: any free one.
  int threads = 1;      // Completion queues, one thread each.
  bool has_reflection = true;
  GrpcTls tls;
  const CallerDoor* door = nullptr;  // Decides who may call; null: everybody.
  double publish_rate_max = 0;       // Events a second and caller; 0: any.
};

// The gRPC side of a replica, on the async completion-queue API: the packaged gRPC's callback API
// parks its pollers after a second of quiet, and the call that wakes them waits 100 ms.
// Owner:  the server. Shutdown comes first, then the cluster and the edge go, which drops answers
//         that never came, and then this.
// Thread: Start, SetServing and Shutdown from one thread.
class GrpcServer {
 public:
  // UNAVAILABLE: the address can't be bound.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options,
                                                           Cluster& cluster);
  ~GrpcServer();

  int port() const { return port_; }

  const RpcCounts& counts() const { return control_.counts(); }

  // What health checks say.
  void SetServing(bool is_serving) { health_.SetServing(is_serving); }

  // Takes no more calls, and cuts those that are still open after `grace`.
  void Shutdown(absl::Duration grace);

 private:
  GrpcServer(const GrpcServerOptions& options, Cluster& cluster)
      : control_(cluster, options.door, options.publish_rate_max) {}

  ControlService control_;
  HealthService health_;
  std::vector<std::unique_ptr<CallQueue>> queues_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::thread> threads_;
  int port_ = 0;
};

}  // namespace sluice
