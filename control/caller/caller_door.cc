#include "control/caller/caller_door.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "control/request/error_reason.h"
#include "edge/door/credential.h"
#include "edge/names/text_rules.h"

namespace sluice {
namespace {

absl::Status Invalid(absl::string_view message) {
  return WithReason(absl::UnauthenticatedError(message), "CREDENTIAL_INVALID");
}

// A certificate that no entry is asked for; its names tell such callers apart.
CallerPointer AnyCertificate(const std::vector<std::string>& names) {
  auto caller = std::make_shared<Caller>();
  caller->name = names.empty() ? "certificate" : ToUtf8(names.front(), kNameBytesMax);
  caller->id = absl::StrCat("certificate:", absl::StrJoin(names, "\n"));
  caller->scopes = {Scope::kAdmin};
  return caller;
}

}  // namespace

CallerDoor::CallerDoor(const TokenVerifier* verifier, const Clock& clock, JwksSource* source)
    : verifier_(verifier), clock_(clock), source_(source) {}

absl::StatusOr<CallerPointer> CallerDoor::Admit(const CallerCredentials& credentials) const {
  if (!credentials.authorization.empty()) {
    const std::string_view token = BearerToken(credentials.authorization);
    if (token.empty()) return Invalid("`authorization` is not of the form `Bearer TOKEN`");
    return AdmitToken(token);
  }
  if (credentials.has_certificate) return AdmitCertificate(credentials.certificate_names);
  return WithReason(absl::UnauthenticatedError(
                        "a credential is missing; expected the metadata `authorization: Bearer "
                        "TOKEN`, or a client certificate where the server takes them"),
                    "CREDENTIAL_MISSING");
}

absl::StatusOr<CallerPointer> CallerDoor::AdmitToken(std::string_view token) const {
  TokensFile::Sha256 hash;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data());
  const auto tokens = file();
  // Every entry is compared, and each in constant time, so that answers take as long for a token
  // that is nearly right as for any other.
  CallerPointer found;
  for (const TokensFile::Token& entry : tokens->tokens) {
    if (CRYPTO_memcmp(entry.secret_hash.data(), hash.data(), hash.size()) == 0) {
      found = entry.caller;
    }
  }
  if (found == nullptr) return AdmitJwt(token);
  if (clock_.Now() >= found->expires) return Invalid("the token has expired");
  return found;
}

absl::StatusOr<CallerPointer> CallerDoor::AdmitJwt(std::string_view token) const {
  if (verifier_ == nullptr) return Invalid("the token is not known");
  const auto claims = verifier_->Verify(token, clock_.Now());
  if (absl::IsUnavailable(claims.status())) {
    return WithReason(claims.status(), "KEYS_UNAVAILABLE");
  }
  const bool may_come = absl::IsNotFound(claims.status()) && source_ != nullptr;
  // While the keys can't be fetched, nobody knows whether the token's is among them.
  if (may_come && (source_->Refresh([] {}) || !source_->health().is_good)) {
    return WithReason(absl::UnavailableError("the token's key is not fetched yet; try again"),
                      "KEYS_UNAVAILABLE");
  }
  if (!claims.ok()) return Invalid(claims.status().message());
  auto caller = CallerOfClaims(*claims);
  if (!caller.ok()) return Invalid(caller.status().message());
  return caller;
}

absl::StatusOr<CallerPointer> CallerDoor::AdmitCertificate(
    const std::vector<std::string>& names) const {
  const auto certificates = file();
  if (certificates->certificates.empty()) return AnyCertificate(names);
  for (const TokensFile::Certificate& entry : certificates->certificates) {
    if (std::find(names.begin(), names.end(), entry.san) == names.end()) continue;
    if (clock_.Now() < entry.caller->expires) return entry.caller;
    return Invalid("the entry of this client certificate has expired");
  }
  return WithReason(absl::PermissionDeniedError(
                        "the tokens file has no [[certificate]] for a name of this certificate"),
                    "CERTIFICATE_UNKNOWN");
}

bool CallerDoor::IsStillAdmitted(const Caller& caller, std::uint64_t admitted_at) const {
  return version() == admitted_at && clock_.Now() < caller.expires;
}

std::uint64_t CallerDoor::version() const {
  const std::uint64_t of_keys = verifier_ == nullptr ? 0 : verifier_->version();
  return version_.load(std::memory_order_acquire) + of_keys;
}

void CallerDoor::SetTokensFile(TokensFile file) {
  {
    const MutexLock lock(mutex_);
    file_ = std::make_shared<const TokensFile>(std::move(file));
  }
  version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const TokensFile> CallerDoor::file() const {
  const MutexLock lock(mutex_);
  return file_;
}

absl::StatusOr<CallerPointer> CallerOfClaims(const TokenClaims& claims) {
  auto caller = std::make_shared<Caller>();
  caller->name = ToUtf8(claims.subject, kNameBytesMax);
  caller->id = absl::StrCat("jwt:", claims.subject);
  caller->expires = claims.expires;
  for (const std::string& name : claims.scopes) {
    // Scopes of other services may stand beside ours.
    const auto scope = ParseScope(name);
    if (scope.has_value()) caller->scopes.push_back(*scope);
  }
  const auto read = [](const auto& claimed) -> std::optional<std::vector<std::string>> {
    if (!claimed.has_value()) return std::nullopt;
    return NormalizedPrefixes(*claimed);
  };
  if (claims.group_prefixes.value_or(std::vector<std::string>()).size() > kPrefixesMax ||
      claims.client_id_prefixes.value_or(std::vector<std::string>()).size() > kPrefixesMax) {
    return absl::UnauthenticatedError(
        absl::StrCat("claims `group_prefixes` and `client_id_prefixes` have at most ", kPrefixesMax,
                     " entries each"));
  }
  caller->group_prefixes = read(claims.group_prefixes);
  caller->client_id_prefixes = read(claims.client_id_prefixes);
  return caller;
}

}  // namespace sluice
