#include "control/rpc/grpc_server.h"

#include <absl/strings/str_cat.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/server_builder.h>

#include <chrono>

#include "edge/http/acceptor.h"

namespace sluice {
namespace {

// Reflection is a plugin that every server has once it is linked in, so it is taken out again.
class WithoutPlugins : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->clear();
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options,
                                                              Cluster& cluster) {
  const auto endpoint = ParseEndpoint(options.address);
  if (!endpoint.ok()) return endpoint.status();
  // gRPC itself says only that it could not bind; the probe says why.
  const auto probed = ProbePort(*endpoint);
  if (!probed.ok()) return probed.status();

  std::unique_ptr<GrpcServer> started(new GrpcServer(options, cluster));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.address, MakeServerCredentials(options.tls), &started->port_);
  if (options.has_reflection) {
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  } else {
    builder.SetOption(std::make_unique<WithoutPlugins>());
  }
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterService(&started->control_.service());
  builder.RegisterService(&started->health_.service());
  for (int i = 0; i < options.threads; ++i) {
    started->queues_.push_back(std::make_unique<CallQueue>(builder.AddCompletionQueue()));
  }
  started->server_ = builder.BuildAndStart();
  if (started->server_ == nullptr || started->port_ == 0) {
    for (const auto& queue : started->queues_) queue->Close();
    for (const auto& queue : started->queues_) queue->Run();
    return absl::UnavailableError(
        absl::StrCat("cannot serve gRPC on ", options.address, "; is the port taken?"));
  }
  for (const auto& queue : started->queues_) {
    started->control_.Serve(*queue);
    started->health_.Serve(*queue);
    started->threads_.emplace_back([&queue = *queue] { queue.Run(); });
  }
  return started;
}

void GrpcServer::Shutdown(absl::Duration grace) {
  health_.Stop();
  control_.EndCalls();
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
}

GrpcServer::~GrpcServer() {
  if (server_ == nullptr) return;
  Shutdown(absl::ZeroDuration());
  for (const auto& queue : queues_) queue->Close();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace sluice
