#include "control/rpc/control_service.h"

#include <utility>

#include "control/caller/reach/narrowed_list.h"
#include "control/caller/reach/request_reach.h"
#include "control/request/client_request.h"
#include "control/request/page_token.h"
#include "control/request/publish_request.h"
#include "control/rpc/publish_call.h"

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

}  // namespace

ControlService::ControlService(Cluster& cluster, const CallerDoor* door)
    : cluster_(cluster), door_(door) {
  using Raw = RawControlService;
  AddPublishMethod<v1::SendToClientRequest, v1::SendToClientResponse>(&Raw::RequestSendToClient);
  AddPublishMethod<v1::SendToGroupRequest, v1::SendToGroupResponse>(&Raw::RequestSendToGroup);
  AddPublishMethod<v1::BroadcastRequest, v1::BroadcastResponse>(&Raw::RequestBroadcast);
  AddClientMethods();
  for (UnaryMethod& method : methods_) method.door = door_;
}

template <typename Request, typename Response>
void ControlService::AddPublishMethod(void (RawControlService::*request)(
    grpc::ServerContext*, grpc::ByteBuffer*, UnaryMethod::Responder*, grpc::CompletionQueue*,
    grpc::ServerCompletionQueue*, void*)) {
  UnaryMethod method;
  method.request = [this, request](auto* context, auto* bytes, auto* responder, auto* queue,
                                   void* tag) {
    (service_.*request)(context, bytes, responder, queue, queue, tag);
  };
  method.handle =
      HandleParsed<Request>([this](const Call& call, const Request& message, UnaryAnswer answer) {
        auto command = ReadRequest(message);
        if (!command.ok()) return answer.Fail(command.status());
        const absl::Status reach = CheckReach(*call.caller, message);
        if (!reach.ok()) return answer.Fail(reach);
        command->deadline = call.deadline;
        cluster_.Publish(*std::move(command),
                         AnswerWith<Response, v1::Delivery>(
                             std::move(answer), [](Response& response, v1::Delivery delivery) {
                               *response.mutable_delivery() = std::move(delivery);
                             }));
      });
  method.scope = Scope::kPublish;
  methods_.push_back(std::move(method));
}

void ControlService::AddClientMethods() {
  const auto set_client = [](const CallerPointer& caller) {
    return [caller](auto& response, v1::Client client) {
      KeepWithinReach(*caller, client);
      *response.mutable_client() = std::move(client);
    };
  };
  methods_.push_back(
      {[this](auto* context, auto* bytes, auto* responder, auto* queue, void* tag) {
         service_.RequestSetClientMetadata(context, bytes, responder, queue, queue, tag);
       },
       HandleParsed<v1::SetClientMetadataRequest>(
           [this, set_client](const Call& call, const v1::SetClientMetadataRequest& request,
                              UnaryAnswer answer) {
             auto change = ReadRequest(request);
             if (!change.ok()) return answer.Fail(change.status());
             const absl::Status reach = CheckReach(*call.caller, request);
             if (!reach.ok()) return answer.Fail(reach);
             cluster_.ChangeMetadata(request.client_id(), *std::move(change),
                                     request.allow_missing(),
                                     AnswerWith<v1::SetClientMetadataResponse, v1::Client>(
                                         std::move(answer), set_client(call.caller)));
           }),
       Scope::kClientsWrite});
  methods_.push_back({[this](auto* context, auto* bytes, auto* responder, auto* queue, void* tag) {
                        service_.RequestGetClient(context, bytes, responder, queue, queue, tag);
                      },
                      HandleParsed<v1::GetClientRequest>(
                          [this, set_client](const Call& call, const v1::GetClientRequest& request,
                                             UnaryAnswer answer) {
                            const absl::Status status = CheckRequest(request);
                            if (!status.ok()) return answer.Fail(status);
                            const absl::Status reach = CheckReach(*call.caller, request);
                            if (!reach.ok()) return answer.Fail(reach);
                            cluster_.GetClient(request.client_id(),
                                               AnswerWith<v1::GetClientResponse, v1::Client>(
                                                   std::move(answer), set_client(call.caller)));
                          }),
                      Scope::kClientsRead});
  methods_.push_back(
      {[this](auto* context, auto* bytes, auto* responder, auto* queue, void* tag) {
         service_.RequestListClients(context, bytes, responder, queue, queue, tag);
       },
       HandleParsed<v1::ListClientsRequest>(
           [this](const Call& call, const v1::ListClientsRequest& request, UnaryAnswer answer) {
             auto query = ReadRequest(request);
             if (!query.ok()) return answer.Fail(query.status());
             const absl::Status reach = CheckReach(*call.caller, request);
             if (!reach.ok()) return answer.Fail(reach);
             const auto set_page = [hash = FilterHash(request)](v1::ListClientsResponse& response,
                                                                ClientPage page) {
               for (v1::Client& client : page.clients) *response.add_clients() = std::move(client);
               response.set_total_size(page.total_size);
               if (page.last_id.empty()) return;
               response.set_next_page_token(EncodePageToken(page.last_id, hash));
             };
             ListWithinReach(
                 *call.caller, *std::move(query),
                 [this](ClientQuery part, ListClientsDone done) {
                   cluster_.ListClients(std::move(part), std::move(done));
                 },
                 AnswerWith<v1::ListClientsResponse, ClientPage>(std::move(answer), set_page));
           }),
       Scope::kClientsRead});
}

void ControlService::Serve(CallQueue& queue) {
  for (const UnaryMethod& method : methods_) {
    for (int i = 0; i < kCallsReady; ++i) ServeUnary(method, queue);
  }
  for (int i = 0; i < kPublishCallsReady; ++i) ServePublish(service_, cluster_, door_, queue);
}

}  // namespace sluice
