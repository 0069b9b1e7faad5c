#pragma once

#include <absl/status/statusor.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/caller/caller.h"
#include "control/caller/tokens_file.h"
#include "edge/base/clock.h"
#include "edge/base/mutex.h"
#include "edge/door/fetch/jwks_source.h"
#include "edge/door/jwt/token_verifier.h"

namespace sluice {

// What a call brings along. Views are valid only during the call that gets it.
struct CallerCredentials {
  std::string_view authorization;  // The metadata of that name; empty: none.
  // A client certificate that the transport has verified, with its DNS names and URIs.
  bool has_certificate = false;
  std::vector<std::string> certificate_names;
};

// Decides who calls. A token that is there decides alone, else the certificate.
// Owner:  the server; outlives the gRPC server.
// Thread: any.
// Errors: UNAUTHENTICATED, reasons CREDENTIAL_MISSING and CREDENTIAL_INVALID; PERMISSION_DENIED,
//         reason CERTIFICATE_UNKNOWN; UNAVAILABLE, reason KEYS_UNAVAILABLE: the keys of tokens, or
//         the one of this token, are not there yet. No message holds anything of a credential.
class CallerDoor {
 public:
  // `verifier`: of JWT; null: they are not taken. `source`: where keys of JWT that are not there
  // may be fetched; null: nowhere.
  CallerDoor(const TokenVerifier* verifier, const Clock& clock, JwksSource* source = nullptr);

  absl::StatusOr<CallerPointer> Admit(const CallerCredentials& credentials) const;

  // Whether the caller that was admitted at `version` is so still, without asking again.
  bool IsStillAdmitted(const Caller& caller, std::uint64_t version) const;

  // Grows with every exchange of what callers are checked with. To be read before Admit.
  std::uint64_t version() const;

  void SetTokensFile(TokensFile file);

 private:
  absl::StatusOr<CallerPointer> AdmitToken(std::string_view token) const;
  absl::StatusOr<CallerPointer> AdmitJwt(std::string_view token) const;
  absl::StatusOr<CallerPointer> AdmitCertificate(const std::vector<std::string>& names) const;
  std::shared_ptr<const TokensFile> file() const;

  const TokenVerifier* const verifier_;
  const Clock& clock_;
  JwksSource* const source_;
  // Written with the file, read by calls that were admitted before: acquire and release, so that
  // who sees the number finds the file.
  std::atomic<std::uint64_t> version_{0};
  mutable Mutex mutex_;
  std::shared_ptr<const TokensFile> file_ ABSL_GUARDED_BY(mutex_) = std::make_shared<TokensFile>();
};

// The caller that a token with these claims is. UNAUTHENTICATED names a claim that is wrong.
absl::StatusOr<CallerPointer> CallerOfClaims(const TokenClaims& claims);

}  // namespace sluice
