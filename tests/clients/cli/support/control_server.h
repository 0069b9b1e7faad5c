// tests/clients/cli/support/control_server.h
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>
#include <sluice/v1/control_service.grpc.pb.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::cli {

// A ControlService on a free port that answers what a test has put into it, and keeps what it was
// asked. It knows nothing of delivery; only of what the command line says and shows.
// Thread: the test changes the answers while no call is under way.
class ControlServer final : public v1::ControlService::Service {
 public:
  ControlServer();
  ~ControlServer() override;

  const std::string& address() const { return address_; }

  // What the calls answer.
  grpc::Status status;
  v1::Delivery delivery;
  v1::Client client;
  std::vector<v1::ListClientsResponse> pages;  // Page i + 1 has token "page-<i + 1>".

  // Publish: requests whose data is "refuse" get an error, "hang" none at all.
  int publish_answers_max = -1;  // After so many it ends the call with `status`.

  // What was asked.
  v1::SendToClientRequest sent_to_client;
  v1::SendToGroupRequest sent_to_group;
  v1::BroadcastRequest broadcast;
  v1::SetClientMetadataRequest set_metadata;
  std::vector<v1::ListClientsRequest> list_requests;
  std::string authorization;
  std::string user_agent;

  grpc::Status SendToClient(grpc::ServerContext* context, const v1::SendToClientRequest* request,
                            v1::SendToClientResponse* response) override;
  grpc::Status SendToGroup(grpc::ServerContext* context, const v1::SendToGroupRequest* request,
                           v1::SendToGroupResponse* response) override;
  grpc::Status Broadcast(grpc::ServerContext* context, const v1::BroadcastRequest* request,
                         v1::BroadcastResponse* response) override;
  grpc::Status Publish(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::PublishResponse, v1::PublishRequest>* stream) override;
  grpc::Status SetClientMetadata(grpc::ServerContext* context,
                                 const v1::SetClientMetadataRequest* request,
                                 v1::SetClientMetadataResponse* response) override;
  grpc::Status GetClient(grpc::ServerContext* context, const v1::GetClientRequest* request,
                         v1::GetClientResponse* response) override;
  grpc::Status ListClients(grpc::ServerContext* context, const v1::ListClientsRequest* request,
                           v1::ListClientsResponse* response) override;

 private:
  void Note(const grpc::ServerContext& context);

  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

// A status with the details packed as Sluice packs them.
grpc::Status StatusWith(grpc::StatusCode code, const std::string& message,
                        const std::vector<const google::protobuf::Message*>& details);

}  // namespace sluice::cli
