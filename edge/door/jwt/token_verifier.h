#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "edge/base/mutex.h"
#include "edge/door/jwt/jwt_keys.h"
#include "edge/door/jwt/token_claims.h"

namespace sluice {

// Checks tokens with keys that may be replaced meanwhile.
// Owner:  the server; outlives the edge and the gRPC server.
// Thread: any.
// Limits: tokens of at most kTokenBytesMax; at most kTriesMax keys are tried on one.
// Errors: UNAUTHENTICATED: the token is not valid; the message says why and holds nothing of it.
//         NOT_FOUND: signed by a key that is not there (yet). UNAVAILABLE: no key is there at all.
class TokenVerifier {
 public:
  static constexpr std::size_t kTokenBytesMax = 16 * 1024;
  static constexpr int kTriesMax = 16;

  explicit TokenVerifier(ClaimRules rules) : rules_(std::move(rules)) {}

  absl::StatusOr<TokenClaims> Verify(std::string_view token, absl::Time now) const;

  // Where keys come from, each replacing what came from there before.
  enum class KeySource { kSecretFile, kJwksFile, kJwksUrl };
  void SetKeys(KeySource source, JwtKeys keys);

  // Grows with every exchange of keys.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  const ClaimRules rules_;
  mutable Mutex mutex_;
  std::array<JwtKeys, 3> keys_by_source_ ABSL_GUARDED_BY(mutex_);
  // Written after the keys, so that who sees the number finds them: release and acquire.
  std::atomic<std::uint64_t> version_{0};
  std::shared_ptr<const JwtKeys> keys_ ABSL_GUARDED_BY(mutex_) = std::make_shared<JwtKeys>();
};

// The payload of a token that one of the keys has signed (RFC 7515, 5.2). Errors as above.
absl::StatusOr<std::string> CheckSignature(std::string_view token, const JwtKeys& keys);

}  // namespace sluice
