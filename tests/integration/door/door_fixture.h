#pragma once

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <openssl/sha.h>

#include <string>
#include <vector>

#include "tests/integration/server_fixture.h"
#include "tests/support/jwt/signing_key.h"
#include "tests/support/temporary_file.h"

namespace sluice::tests {

// A [[token]] of the tokens file for this secret; `lines` come besides its name.
inline std::string TokenEntry(const std::string& name, const std::string& secret,
                              const std::string& lines) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), hash);
  return absl::StrCat("[[token]]\nname = \"", name, "\"\nsha256 = \"",
                      absl::BytesToHexString({reinterpret_cast<const char*>(hash), sizeof(hash)}),
                      "\"\n", lines, "\n");
}

// A server that asks who comes.
class DoorTest : public ServerTest {
 protected:
  // A token that the fixture's secret has signed.
  std::string Jwt(const std::string& payload) const {
    return SigningKey::Secret(jwt_secret_).Sign("HS256", payload);
  }

  // As Call, with `authorization: Bearer token`; an empty one: without.
  template <typename Request, typename Response>
  grpc::Status CallAs(const std::string& token,
                      grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kPatience));
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    return (control().*rpc)(&context, request, response);
  }

  // The status of a SendToGroup; `token` as above.
  grpc::Status SendAs(const std::string& token, const std::string& group) {
    v1::SendToGroupRequest request;
    request.set_group(group);
    request.mutable_event()->set_data("x");
    v1::SendToGroupResponse response;
    return CallAs(token, &Stub::SendToGroup, request, &response);
  }

  const std::string jwt_secret_ = std::string(32, 's');
  // With the newline that editors leave.
  TemporaryFile jwt_secret_file_{jwt_secret_ + "\n"};
};

}  // namespace sluice::tests
