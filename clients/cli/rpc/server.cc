// clients/cli/rpc/server.cc
#include "clients/cli/rpc/server.h"

#include <absl/status/status.h>
#include <absl/strings/str_format.h>

#include <utility>

#include "clients/cli/input/argument.h"
#include "clients/cli/input/file.h"

namespace sluice::cli {
namespace {

// A page of 1,000 clients with 16 KiB of metadata each is over gRPC's default of 4 MiB.
constexpr int kAnswerSizeBytesMax = 256 << 20;

bool UsesTls(const ServerOptions& options) {
  return !options.tls_ca_file.empty() || !options.tls_certificate_file.empty();
}

absl::StatusOr<std::string> ReadOptionalFile(const std::string& path) {
  if (path.empty()) return std::string();
  return ReadFile(path, -1);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const ServerOptions& options) {
  if (options.tls_certificate_file.empty() != options.tls_key_file.empty()) {
    return absl::InvalidArgumentError(
        "--tls-cert and --tls-key belong together; give both or neither");
  }
  if (!UsesTls(options)) return grpc::InsecureChannelCredentials();
  auto roots = ReadOptionalFile(options.tls_ca_file);
  if (!roots.ok()) return roots.status();
  auto certificate = ReadOptionalFile(options.tls_certificate_file);
  if (!certificate.ok()) return certificate.status();
  auto key = ReadOptionalFile(options.tls_key_file);
  if (!key.ok()) return key.status();
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = *std::move(roots);
  tls.pem_cert_chain = *std::move(certificate);
  tls.pem_private_key = *std::move(key);
  return grpc::SslCredentials(tls);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Open(const ServerOptions& options) {
  const auto address = ParseHostPort(options.address);
  if (!address.ok()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--server: %s", std::string(address.status().message())));
  }
  const bool is_loopback = IsLoopback(address->host);
  std::string token;
  if (!options.token_file.empty()) {
    if (!UsesTls(options) && !is_loopback) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "the token would go to %s unencrypted; give --tls-ca with the certificate authority of "
          "the server (or of the system, such as /etc/ssl/certs/ca-certificates.crt)",
          options.address));
    }
    auto read = ReadToken(options.token_file);
    if (!read.ok()) return read.status();
    token = *std::move(read);
  }
  auto credentials = MakeCredentials(options);
  if (!credentials.ok()) return credentials.status();
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix("sluicectl/" SLUICE_VERSION);
  arguments.SetMaxReceiveMessageSize(kAnswerSizeBytesMax);
  // A proxy from the environment cannot reach this machine's own loopback.
  if (is_loopback) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto channel = grpc::CreateCustomChannel(options.address, *credentials, arguments);
  return std::unique_ptr<Server>(
      new Server(options, std::move(token), v1::ControlService::NewStub(channel)));
}

Server::Server(ServerOptions options, std::string token,
               std::unique_ptr<v1::ControlService::Stub> control)
    : options_(std::move(options)), token_(std::move(token)), control_(std::move(control)) {}

void Server::Authorize(grpc::ClientContext& context) const {
  if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
}

}  // namespace sluice::cli
