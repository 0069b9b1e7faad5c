#pragma once

#include <sluice/v1/control_service.grpc.pb.h>

#include <vector>

#include "control/caller/caller_door.h"
#include "control/cluster/cluster.h"
#include "control/publish/caller_rates.h"
#include "control/rpc/call_queue.h"
#include "control/rpc/open_calls.h"
#include "control/rpc/unary_call.h"

namespace sluice {

// The generated service with every method raw: requests arrive as bytes, so that bad ones get an
// answer of ours.
template <typename Base>
using RawListMethods =
    v1::ControlService::WithRawMethod_GetClient<v1::ControlService::WithRawMethod_ListClients<
        v1::ControlService::WithRawMethod_ListGroups<v1::ControlService::WithRawMethod_ListReplicas<
            v1::ControlService::WithRawMethod_ListHistory<Base>>>>>;
template <typename Base>
using RawChangeMethods = v1::ControlService::WithRawMethod_SetClientMetadata<
    v1::ControlService::WithRawMethod_JoinGroups<v1::ControlService::WithRawMethod_LeaveGroups<
        v1::ControlService::WithRawMethod_DisconnectClient<
            v1::ControlService::WithRawMethod_DeleteClient<Base>>>>>;
template <typename Base>
using RawPublishMethods =
    v1::ControlService::WithRawMethod_SendToClient<v1::ControlService::WithRawMethod_SendToGroup<
        v1::ControlService::WithRawMethod_Broadcast<v1::ControlService::WithRawMethod_Publish<
            v1::ControlService::WithRawMethod_WatchClients<Base>>>>>;
using RawControlService =
    RawPublishMethods<RawListMethods<RawChangeMethods<v1::ControlService::Service>>>;

// sluice.v1.ControlService: checks each request and hands it to the cluster.
// Owner:  the gRPC server. The cluster outlives the calls.
// Thread: completion-queue threads; answers come on the thread that has them.
class ControlService {
 public:
  // `door` decides who may call; null: everybody. It outlives the calls. `publish_rate_max`: events
  // a second and caller; 0: any.
  ControlService(Cluster& cluster, const CallerDoor* door, double publish_rate_max);

  grpc::Service& service() { return service_; }

  const RpcCounts& counts() const { return counts_; }

  // Ends the streaming calls that are under way.
  void EndCalls() { open_calls_.EndAll(); }

  // Begins to take calls from this queue. Once a queue.
  void Serve(CallQueue& queue);

 private:
  // How the generated service is asked for the next call of a method.
  using RequestCall = void (RawControlService::*)(grpc::ServerContext*, grpc::ByteBuffer*,
                                                  UnaryMethod::Responder*, grpc::CompletionQueue*,
                                                  grpc::ServerCompletionQueue*, void*);

  template <typename Request, typename Handler>
  void AddMethod(RequestCall request_call, Scope scope, Handler handle);
  template <typename Request, typename Response>
  void AddPublishMethod(RequestCall request_call);
  void AddListMethods();
  void AddChangeMethods();
  template <typename Request, typename Response>
  void AddGroupsMethod(RequestCall request_call);
  void AddReplicaMethods();
  void AddHistoryMethods();

  Cluster& cluster_;
  const CallerDoor* const door_;
  const SystemClock clock_;
  CallerRates rates_;
  RpcCounts counts_;
  RpcCounts::Method& publish_counts_;
  RpcCounts::Method& watch_counts_;
  RawControlService service_;
  OpenCalls open_calls_;
  std::vector<UnaryMethod> methods_;
};

}  // namespace sluice
