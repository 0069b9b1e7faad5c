#pragma once

#include <grpc/health/v1/health.grpc.pb.h>

#include <memory>
#include <vector>

#include "control/rpc/call_queue.h"
#include "control/rpc/unary_call.h"
#include "edge/base/mutex.h"

namespace sluice {

class HealthWatch;

using RawHealthService = grpc::health::v1::Health::WithRawMethod_Check<
    grpc::health::v1::Health::WithRawMethod_Watch<grpc::health::v1::Health::Service>>;

// grpc.health.v1.Health for the whole server (service ``) and sluice.v1.ControlService. Ours,
// because gRPC's own runs on callback pollers, which sleep up to 100 ms when calls are sparse.
// Thread: any.
class HealthService {
 public:
  HealthService();
  ~HealthService();

  grpc::Service& service() { return service_; }
  void Serve(CallQueue& queue);

  // Tells every watcher. Not serving until the first call.
  void SetServing(bool is_serving);

  // Ends every Watch.
  void Stop();

 private:
  friend class HealthWatch;

  bool Knows(const std::string& service) const;
  void AddWatch(std::shared_ptr<HealthWatch> watch);
  void RemoveWatch(const HealthWatch* watch);

  RawHealthService service_;
  UnaryMethod check_;
  Mutex mutex_;
  bool is_serving_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<HealthWatch>> watches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
