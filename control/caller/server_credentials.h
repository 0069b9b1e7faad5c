#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

namespace sluice {

// How the gRPC port is encrypted. Paths of PEM files, which are read again when they change.
struct GrpcTls {
  std::string certificate;  // Empty: not at all.
  std::string key;
  std::string client_authorities;  // Empty: client certificates are not asked for.
  bool needs_certificate = false;  // Turns away who has none.
};

// The credentials that the port is served with. The files have been checked.
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const GrpcTls& tls);

}  // namespace sluice
