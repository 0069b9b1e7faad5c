#pragma once

#include <absl/status/statusor.h>

#include <string>

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
  ClaimRules claim_rules;
  std::string tokens_file;
  TlsFiles tls;  // Of streams.
  TlsFiles grpc_tls;
  std::string grpc_client_ca;

  bool has_jwt_keys() const { return !jwt_hs256_file.empty() || !jwks_file.empty(); }
  // Whether the port asks who comes.
  bool guards_streams() const { return has_jwt_keys(); }
  bool guards_callers() const { return takes_tokens() || !grpc_client_ca.empty(); }
  // Whether callers may come with a token, so that no certificate is needed.
  bool takes_tokens() const { return has_jwt_keys() || !tokens_file.empty(); }
};

// INVALID_ARGUMENT names the flag, what was wrong and what would be right.
absl::StatusOr<DoorOptions> ReadDoorOptions(const FlagValues& values);

}  // namespace sluice
