#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// What a valid token says. Its claims have the right types; whether names in it are allowed is for
// those to check who use them.
struct TokenClaims {
  std::string subject;  // `sub`; may be empty.
  absl::Time expires = absl::InfiniteFuture();
  // Of streams.
  std::vector<std::string> groups;
  std::vector<std::string> group_patterns;
  std::string metadata;  // A JSON object; empty if there is no such claim.
  // Of callers. No prefixes: not narrowed.
  std::vector<std::string> scopes;
  std::optional<std::vector<std::string>> group_prefixes;
  std::optional<std::vector<std::string>> client_id_prefixes;
};

// What --jwt-issuer and --jwt-audience ask for; empty: anything.
struct ClaimRules {
  std::string issuer;
  std::string audience;
};

inline constexpr std::size_t kClaimedMetadataBytesMax = 16 * 1024;

// Reads the payload of a token whose signature has been checked (RFC 7519). `nbf` and `iat` may be
// up to a minute ahead, for clocks that differ; `exp` has no leeway, because a stream that was
// ended at it must not come back with the same token. UNAUTHENTICATED says what is wrong, without
// a word of the payload but the names of claims.
absl::StatusOr<TokenClaims> ReadClaims(std::string_view payload, const ClaimRules& rules,
                                       absl::Time now);

}  // namespace sluice
