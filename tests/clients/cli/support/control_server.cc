// tests/clients/cli/support/control_server.cc
#include "tests/clients/cli/support/control_server.h"

#include <absl/strings/str_cat.h>
#include <google/rpc/status.pb.h>

#include <chrono>

namespace sluice::cli {

ControlServer::ControlServer() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
}

ControlServer::~ControlServer() {
  server_->Shutdown(std::chrono::system_clock::now());
}

void ControlServer::Note(const grpc::ServerContext& context) {
  for (const auto& [name, value] : context.client_metadata()) {
    if (name == "authorization") authorization.assign(value.data(), value.size());
    if (name == "user-agent") user_agent.assign(value.data(), value.size());
  }
}

grpc::Status ControlServer::SendToClient(grpc::ServerContext* context,
                                         const v1::SendToClientRequest* request,
                                         v1::SendToClientResponse* response) {
  Note(*context);
  sent_to_client = *request;
  *response->mutable_delivery() = delivery;
  return status;
}

grpc::Status ControlServer::SendToGroup(grpc::ServerContext*, const v1::SendToGroupRequest* request,
                                        v1::SendToGroupResponse* response) {
  sent_to_group = *request;
  *response->mutable_delivery() = delivery;
  return status;
}

grpc::Status ControlServer::Broadcast(grpc::ServerContext*, const v1::BroadcastRequest* request,
                                      v1::BroadcastResponse* response) {
  broadcast = *request;
  *response->mutable_delivery() = delivery;
  return status;
}

grpc::Status ControlServer::Publish(
    grpc::ServerContext*,
    grpc::ServerReaderWriter<v1::PublishResponse, v1::PublishRequest>* stream) {
  v1::PublishRequest request;
  int answer_count = 0;
  while (stream->Read(&request)) {
    if (answer_count == publish_answers_max) return status;
    if (request.event().data() == "hang") continue;
    v1::PublishResponse response;
    if (request.event().data() == "refuse") {
      response.mutable_error()->set_code(grpc::StatusCode::INVALID_ARGUMENT);
      response.mutable_error()->set_message("refused");
    } else {
      response.mutable_delivery()->set_event_id(absl::StrCat("id-", request.event().data()));
    }
    stream->Write(response);
    ++answer_count;
  }
  return status;
}

grpc::Status ControlServer::SetClientMetadata(grpc::ServerContext*,
                                              const v1::SetClientMetadataRequest* request,
                                              v1::SetClientMetadataResponse* response) {
  set_metadata = *request;
  *response->mutable_client() = client;
  return status;
}

grpc::Status ControlServer::GetClient(grpc::ServerContext*, const v1::GetClientRequest*,
                                      v1::GetClientResponse* response) {
  *response->mutable_client() = client;
  return status;
}

grpc::Status ControlServer::ListClients(grpc::ServerContext*, const v1::ListClientsRequest* request,
                                        v1::ListClientsResponse* response) {
  list_requests.push_back(*request);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const std::string token = i == 0 ? "" : absl::StrCat("page-", i);
    if (request->page_token() != token) continue;
    *response = pages[i];
    if (i + 1 < pages.size()) response->set_next_page_token(absl::StrCat("page-", i + 1));
  }
  return status;
}

grpc::Status StatusWith(grpc::StatusCode code, const std::string& message,
                        const std::vector<const google::protobuf::Message*>& details) {
  google::rpc::Status rich;
  rich.set_code(code);
  rich.set_message(message);
  for (const google::protobuf::Message* detail : details) rich.add_details()->PackFrom(*detail);
  return {code, message, rich.SerializeAsString()};
}

}  // namespace sluice::cli
