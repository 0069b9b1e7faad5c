#pragma once

#include <absl/status/statusor.h>

#include "edge/base/clock.h"
#include "edge/door/fetch/jwks_source.h"
#include "edge/door/jwt/token_verifier.h"
#include "edge/door/stream_door.h"

namespace sluice {

// Lets streams in by a token: `sub` is the client, the claims `groups` and `group_patterns` say
// which groups it is in and may ask for, `metadata` what its metadata begins with, and at `exp` the
// stream ends.
// Owner:  the server; outlives the edge.
// Thread: any.
class JwtDoor : public StreamDoor {
 public:
  // `source`: fetches keys again when a token is signed by one that is not there; null: nobody
  // does.
  JwtDoor(const TokenVerifier& verifier, const Clock& clock, JwksSource* source = nullptr)
      : verifier_(verifier), clock_(clock), source_(source) {}

  void Ask(const DoorRequest& asked, absl::AnyInvocable<void(DoorAnswer)> done) override;

 private:
  // The answer to a token whose key was looked for in the source.
  DoorAnswer Judge(const absl::StatusOr<TokenClaims>& claims,
                   const std::vector<std::string>& wanted) const;

  const TokenVerifier& verifier_;
  const Clock& clock_;
  JwksSource* const source_;
};

// The stream that a token with these claims may have: its own groups, and those of `wanted` that
// fit its patterns. UNAUTHENTICATED names the claim that is wrong, RESOURCE_EXHAUSTED says that the
// groups are too many.
absl::StatusOr<Admission> AdmitByClaims(const TokenClaims& claims,
                                        const std::vector<std::string>& wanted);

}  // namespace sluice
