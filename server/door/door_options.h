#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>

#include "edge/door/fetch/http_url.h"
#include "edge/door/jwt/token_claims.h"
#include "server/flags.h"

namespace sluice {

// A certificate with its key.
struct TlsFiles {
  std::string certificate;
  std::string key;
};

// What the operator decides about who gets in. Paths are not read yet; empty: not given.
struct DoorOptions {
  std::string jwt_hs256_file;
  std::string jwks_file;
  std::optional<HttpUrl> jwks_url;
  ClaimRules claim_rules;
  std::optional<HttpUrl> auth_url;
  std::string tokens_file;
  TlsFiles tls;  // Of streams.
  TlsFiles grpc_tls;
  std::string grpc_client_ca;

  bool has_jwt_keys() const {
    return !jwt_hs256_file.empty() || !jwks_file.empty() || jwks_url.has_value();
  }
  // Whether the port asks who comes.
  bool guards_streams() const { return has_jwt_keys() || auth_url.has_value(); }
  bool guards_callers() const { return takes_tokens() || !grpc_client_ca.empty(); }
  // Whether callers may come with a token, so that no certificate is needed.
  bool takes_tokens() const { return has_jwt_keys() || !tokens_file.empty(); }
};

// INVALID_ARGUMENT names the flag, what was wrong and what would be right.
absl::StatusOr<DoorOptions> ReadDoorOptions(const FlagValues& values);

}  // namespace sluice
