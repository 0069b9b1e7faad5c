#include "control/caller/call_admission.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>

namespace sluice {
namespace {

constexpr char kAuthorization[] = "authorization";

CallerCredentials CredentialsOf(const grpc::ServerContext& context) {
  CallerCredentials credentials;
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(kAuthorization);
  if (found != metadata.end()) {
    credentials.authorization = {found->second.data(), found->second.size()};
  }
  const auto peer = context.auth_context();
  if (peer == nullptr || !peer->IsPeerAuthenticated()) return credentials;
  credentials.has_certificate = true;
  for (const char* property : {GRPC_PEER_DNS_PROPERTY_NAME, GRPC_PEER_URI_PROPERTY_NAME}) {
    for (const grpc::string_ref& name : peer->FindPropertyValues(property)) {
      credentials.certificate_names.emplace_back(name.data(), name.size());
    }
  }
  return credentials;
}

const CallerPointer& Anybody() {
  static const CallerPointer anybody = [] {
    auto caller = std::make_shared<Caller>();
    caller->scopes = {Scope::kAdmin};
    return caller;
  }();
  return anybody;
}

}  // namespace

absl::StatusOr<CallerPointer> AdmitCall(const CallerDoor* door, Scope scope,
                                        const grpc::ServerContext& context) {
  if (door == nullptr) return Anybody();
  auto caller = door->Admit(CredentialsOf(context));
  if (!caller.ok()) return caller;
  const absl::Status status = CheckScope(**caller, scope);
  if (!status.ok()) return status;
  return caller;
}

}  // namespace sluice
