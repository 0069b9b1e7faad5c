#include "control/rpc/control_service.h"

#include <absl/strings/strip.h>

#include <utility>

#include "control/caller/reach/narrowed_list.h"
#include "control/caller/reach/request_reach.h"
#include "control/message/timestamp.h"
#include "control/request/client_request.h"
#include "control/request/page_token.h"
#include "control/request/publish_request.h"
#include "control/rpc/publish_call.h"
#include "control/rpc/watch/watch_call.h"

namespace sluice {
namespace {

// How many calls of a method gRPC can take in before one of them is looked at.
constexpr int kCallsReady = 32;
constexpr int kPublishCallsReady = 4;

// Answers with the value in a field of a response, or with the error.
template <typename Response, typename Value, typename SetField>
auto AnswerWith(UnaryAnswer answer, SetField set_field) {
  return [answer = std::move(answer), set_field](absl::StatusOr<Value> value) mutable {
    if (!value.ok()) return answer.Fail(value.status());
    Response response;
    set_field(response, *std::move(value));
    answer.Send(response);
  };
}

// Of the RPC whose request this is.
template <typename Request>
std::string NameOf() {
  constexpr absl::string_view kSuffix = "Request";
  return std::string(absl::StripSuffix(Request::descriptor()->name(), kSuffix));
}

// Sets the client of a response, as far as the caller reaches.
auto ClientSetter(const Call& call) {
  return [caller = call.caller](auto& response, v1::Client client) {
    KeepWithinReach(*caller, client);
    *response.mutable_client() = std::move(client);
  };
}

template <typename Page, typename Response>
void SetPageEnd(Page& page, std::uint64_t filter_hash, Response& response) {
  for (std::string& id : page.unreachable) response.add_unreachable(std::move(id));
  if (page.last_id.empty()) return;
  response.set_next_page_token(EncodePageToken(page.last_id, filter_hash));
}

void FillReplica(const ReplicaView& view, v1::Replica& replica) {
  replica.set_replica_id(view.replica_id);
  replica.set_version(view.version);
  SetTimestamp(view.start_time, *replica.mutable_start_time());
  replica.set_connections(view.connections);
  SetTimestamp(view.last_seen, *replica.mutable_last_seen());
  replica.set_ready(view.is_ready);
}

}  // namespace

ControlService::ControlService(Cluster& cluster, const CallerDoor* door, double publish_rate_max)
    : cluster_(cluster),
      door_(door),
      rates_(publish_rate_max, clock_),
      publish_counts_(counts_.Add("Publish")),
      watch_counts_(counts_.Add("WatchClients")) {
  using Raw = RawControlService;
  AddPublishMethod<v1::SendToClientRequest, v1::SendToClientResponse>(&Raw::RequestSendToClient);
  AddPublishMethod<v1::SendToGroupRequest, v1::SendToGroupResponse>(&Raw::RequestSendToGroup);
  AddPublishMethod<v1::BroadcastRequest, v1::BroadcastResponse>(&Raw::RequestBroadcast);
  AddChangeMethods();
  AddListMethods();
  AddReplicaMethods();
  AddHistoryMethods();
}

template <typename Request, typename Handler>
void ControlService::AddMethod(RequestCall request_call, Scope scope, Handler handle) {
  auto reached = [handle = std::move(handle)](const Call& call, const Request& request,
                                              UnaryAnswer answer) {
    const absl::Status reach = CheckReach(*call.caller, request);
    if (!reach.ok()) return answer.Fail(reach);
    handle(call, request, std::move(answer));
  };
  methods_.push_back(
      {[this, request_call](auto* context, auto* bytes, auto* responder, auto* queue, void* tag) {
         (service_.*request_call)(context, bytes, responder, queue, queue, tag);
       },
       HandleParsed<Request>(std::move(reached)), scope, door_, &counts_.Add(NameOf<Request>())});
}

template <typename Request, typename Response>
void ControlService::AddPublishMethod(RequestCall request_call) {
  AddMethod<Request>(request_call, Scope::kPublish,
                     [this](const Call& call, const Request& request, UnaryAnswer answer) {
                       auto command = ReadRequest(request);
                       if (!command.ok()) return answer.Fail(command.status());
                       const absl::Status in_time = rates_.Take(call.caller->id);
                       if (!in_time.ok()) return answer.Fail(in_time);
                       ScopeClaim(call.caller->id, *command);
                       command->deadline = call.deadline;
                       command->trace_id = call.trace_id;
                       cluster_.Publish(
                           *std::move(command),
                           AnswerWith<Response, v1::Delivery>(
                               std::move(answer), [](Response& response, v1::Delivery delivery) {
                                 *response.mutable_delivery() = std::move(delivery);
                               }));
                     });
}

void ControlService::AddChangeMethods() {
  using Raw = RawControlService;
  AddMethod<v1::SetClientMetadataRequest>(
      &Raw::RequestSetClientMetadata, Scope::kClientsWrite,
      [this](const Call& call, const v1::SetClientMetadataRequest& request, UnaryAnswer answer) {
        auto change = ReadRequest(request);
        if (!change.ok()) return answer.Fail(change.status());
        cluster_.ChangeMetadata(request.client_id(), *std::move(change), request.allow_missing(),
                                AnswerWith<v1::SetClientMetadataResponse, v1::Client>(
                                    std::move(answer), ClientSetter(call)));
      });
  AddGroupsMethod<v1::JoinGroupsRequest, v1::JoinGroupsResponse>(&Raw::RequestJoinGroups);
  AddGroupsMethod<v1::LeaveGroupsRequest, v1::LeaveGroupsResponse>(&Raw::RequestLeaveGroups);
  AddMethod<v1::DisconnectClientRequest>(
      &Raw::RequestDisconnectClient, Scope::kClientsWrite,
      [this](const Call&, const v1::DisconnectClientRequest& request, UnaryAnswer answer) {
        auto command = ReadRequest(request);
        if (!command.ok()) return answer.Fail(command.status());
        const auto set = [](v1::DisconnectClientResponse& response, DisconnectedClient ended) {
          response.set_connections(ended.connections);
          response.set_unconfirmed_replicas(ended.unconfirmed_replicas);
        };
        cluster_.Disconnect(
            *std::move(command),
            AnswerWith<v1::DisconnectClientResponse, DisconnectedClient>(std::move(answer), set));
      });
  AddMethod<v1::DeleteClientRequest>(
      &Raw::RequestDeleteClient, Scope::kClientsWrite,
      [this](const Call&, const v1::DeleteClientRequest& request, UnaryAnswer answer) {
        const absl::Status status = CheckRequest(request);
        if (!status.ok()) return answer.Fail(status);
        cluster_.DeleteClient(request.client_id(),
                              [answer = std::move(answer)](const absl::Status& deleted) mutable {
                                if (!deleted.ok()) return answer.Fail(deleted);
                                answer.Send(v1::DeleteClientResponse());
                              });
      });
}

template <typename Request, typename Response>
void ControlService::AddGroupsMethod(RequestCall request_call) {
  AddMethod<Request>(request_call, Scope::kClientsWrite,
                     [this](const Call& call, const Request& request, UnaryAnswer answer) {
                       auto command = ReadRequest(request);
                       if (!command.ok()) return answer.Fail(command.status());
                       const auto set = [set_client = ClientSetter(call)](Response& response,
                                                                          ChangedClient changed) {
                         set_client(response, std::move(changed.client));
                         response.set_unconfirmed_replicas(changed.unconfirmed_replicas);
                       };
                       cluster_.ChangeGroups(
                           *std::move(command),
                           AnswerWith<Response, ChangedClient>(std::move(answer), set));
                     });
}

void ControlService::AddListMethods() {
  using Raw = RawControlService;
  AddMethod<v1::GetClientRequest>(
      &Raw::RequestGetClient, Scope::kClientsRead,
      [this](const Call& call, const v1::GetClientRequest& request, UnaryAnswer answer) {
        const absl::Status status = CheckRequest(request);
        if (!status.ok()) return answer.Fail(status);
        cluster_.GetClient(request.client_id(), AnswerWith<v1::GetClientResponse, v1::Client>(
                                                    std::move(answer), ClientSetter(call)));
      });
  AddMethod<v1::ListClientsRequest>(
      &Raw::RequestListClients, Scope::kClientsRead,
      [this](const Call& call, const v1::ListClientsRequest& request, UnaryAnswer answer) {
        auto query = ReadRequest(request);
        if (!query.ok()) return answer.Fail(query.status());
        const auto set_page = [hash = FilterHash(request)](v1::ListClientsResponse& response,
                                                           ClientPage page) {
          for (v1::Client& client : page.clients) *response.add_clients() = std::move(client);
          response.set_total_size(page.total_size);
          SetPageEnd(page, hash, response);
        };
        ListWithinReach(
            *call.caller, *std::move(query),
            [this](ClientQuery part, ListClientsDone done) {
              cluster_.ListClients(std::move(part), std::move(done));
            },
            AnswerWith<v1::ListClientsResponse, ClientPage>(std::move(answer), set_page));
      });
  AddMethod<v1::ListGroupsRequest>(
      &Raw::RequestListGroups, Scope::kClientsRead,
      [this](const Call& call, const v1::ListGroupsRequest& request, UnaryAnswer answer) {
        auto query = ReadRequest(request);
        if (!query.ok()) return answer.Fail(query.status());
        const auto set_page = [hash = FilterHash(request)](v1::ListGroupsResponse& response,
                                                           GroupPage page) {
          for (v1::Group& group : page.groups) *response.add_groups() = std::move(group);
          SetPageEnd(page, hash, response);
        };
        ListWithinReach(
            *call.caller, *std::move(query),
            [this](GroupQuery part, ListGroupsDone done) {
              cluster_.ListGroups(std::move(part), std::move(done));
            },
            AnswerWith<v1::ListGroupsResponse, GroupPage>(std::move(answer), set_page));
      });
}

void ControlService::AddReplicaMethods() {
  using Raw = RawControlService;
  AddMethod<v1::ListReplicasRequest>(
      &Raw::RequestListReplicas, Scope::kClientsRead,
      [this](const Call&, const v1::ListReplicasRequest&, UnaryAnswer answer) {
        cluster_.ListReplicas(AnswerWith<v1::ListReplicasResponse, std::vector<ReplicaView>>(
            std::move(answer),
            [](v1::ListReplicasResponse& response, std::vector<ReplicaView> replicas) {
              for (const ReplicaView& replica : replicas) {
                FillReplica(replica, *response.add_replicas());
              }
            }));
      });
}

void ControlService::AddHistoryMethods() {
  AddMethod<v1::ListHistoryRequest>(
      &RawControlService::RequestListHistory, Scope::kClientsRead,
      [this](const Call&, const v1::ListHistoryRequest& request, UnaryAnswer answer) {
        auto query = ReadRequest(request);
        if (!query.ok()) return answer.Fail(query.status());
        cluster_.ListHistory(*std::move(query),
                             AnswerWith<v1::ListHistoryResponse, v1::ListHistoryResponse>(
                                 std::move(answer),
                                 [](v1::ListHistoryResponse& response,
                                    v1::ListHistoryResponse page) { response = std::move(page); }));
      });
}

void ControlService::Serve(CallQueue& queue) {
  for (const UnaryMethod& method : methods_) {
    for (int i = 0; i < kCallsReady; ++i) ServeUnary(method, queue);
  }
  for (int i = 0; i < kPublishCallsReady; ++i) {
    ServePublish({service_, cluster_, door_, rates_, publish_counts_, open_calls_}, queue);
  }
  ServeWatch({service_, cluster_, door_, watch_counts_, open_calls_}, queue);
}

}  // namespace sluice
