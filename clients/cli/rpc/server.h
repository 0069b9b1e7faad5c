// clients/cli/rpc/server.h
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/grpcpp.h>
#include <sluice/v1/control_service.grpc.pb.h>

#include <memory>
#include <string>

namespace sluice::cli {

struct ServerOptions {
  std::string address = "127.0.0.1:50051";
  std::string token_file;
  std::string tls_ca_file;
  std::string tls_certificate_file;
  std::string tls_key_file;
  absl::Duration timeout = absl::Seconds(10);
};

// The server that a command talks to, with the caller's credentials.
// Owner:  the command; it outlives the calls and contexts made from it.
// Thread: any thread.
// Errors: Open gives INVALID_ARGUMENT where the options cannot work together, a file cannot be
//         read, or a token would cross a network unencrypted. Nothing is connected yet then.
class Server {
 public:
  static absl::StatusOr<std::unique_ptr<Server>> Open(const ServerOptions& options);

  const std::string& address() const { return options_.address; }
  absl::Duration timeout() const { return options_.timeout; }
  const std::string& token() const { return token_; }  // Empty without --token-file.
  v1::ControlService::Stub& control() { return *control_; }

  // Adds the credentials to the context of a call.
  void Authorize(grpc::ClientContext& context) const;

  // One unary call with the credentials and the deadline.
  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::ControlService::Stub::*method)(grpc::ClientContext*,
                                                                     const Request&, Response*),
                    const Request& request, Response& response) {
    grpc::ClientContext context;
    Authorize(context);
    context.set_deadline(absl::ToChronoTime(absl::Now() + options_.timeout));
    return (control_.get()->*method)(&context, request, &response);
  }

 private:
  Server(ServerOptions options, std::string token,
         std::unique_ptr<v1::ControlService::Stub> control);

  ServerOptions options_;
  std::string token_;
  std::unique_ptr<v1::ControlService::Stub> control_;
};

}  // namespace sluice::cli
