#include "edge/door/jwt_door.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "edge/door/credential.h"
#include "edge/door/group_pattern.h"
#include "edge/names/text_rules.h"

namespace sluice {
namespace {

constexpr char kChallenge[] = "Bearer realm=\"sluice\"";

Denial NoToken() {
  return {{401, "unauthenticated",
           "a token is missing; expected Authorization: Bearer, the query parameter `token` or the "
           "cookie `token`"},
          kChallenge};
}

// RFC 6750, 3. No message holds a quote or a backslash, which would have to be escaped.
Denial BadToken(absl::string_view message) {
  return {
      {401, "invalid_token", std::string(message)},
      absl::StrCat(kChallenge, ", error=\"invalid_token\", error_description=\"", message, "\"")};
}

DoorAnswer Refusal(const absl::Status& status) {
  if (absl::IsUnavailable(status)) return DoorStuck{};
  if (absl::IsResourceExhausted(status)) {
    return Denial{{400, "bad_parameter", std::string(status.message())}, ""};
  }
  return BadToken(status.message());
}

DoorAnswer AnswerOf(const absl::StatusOr<TokenClaims>& claims,
                    const std::vector<std::string>& wanted) {
  if (!claims.ok()) return Refusal(claims.status());
  auto admission = AdmitByClaims(*claims, wanted);
  if (!admission.ok()) return Refusal(admission.status());
  return *std::move(admission);
}

using Done = absl::AnyInvocable<void(DoorAnswer)>;

}  // namespace

void JwtDoor::Ask(const DoorRequest& asked, absl::AnyInvocable<void(DoorAnswer)> done) {
  const StreamToken token = FindToken(asked.head, asked.request);
  if (token.text.empty()) return done(NoToken());
  if (token.is_cookie && !asked.may_use_cookies) return done(CookieOriginDenial());
  const auto claims = verifier_.Verify(token.text, clock_.Now());
  if (!absl::IsNotFound(claims.status()) || source_ == nullptr) {
    return done(AnswerOf(claims, asked.request.groups));
  }
  // The key may be newer than the last fetch, so the stream waits for another.
  const auto waiting = std::make_shared<Done>(std::move(done));
  const bool waits =
      source_->Refresh([this, waiting, text = token.text, wanted = asked.request.groups] {
        (*waiting)(Judge(verifier_.Verify(text, clock_.Now()), wanted));
      });
  if (!waits) (*waiting)(Judge(claims, asked.request.groups));
}

DoorAnswer JwtDoor::Judge(const absl::StatusOr<TokenClaims>& claims,
                          const std::vector<std::string>& wanted) const {
  // While the keys can't be fetched, nobody knows whether the token's is among them, and a 401
  // would end an EventSource for good.
  if (absl::IsNotFound(claims.status()) && !source_->health().is_good) return DoorStuck{};
  return AnswerOf(claims, wanted);
}

absl::StatusOr<Admission> AdmitByClaims(const TokenClaims& claims,
                                        const std::vector<std::string>& wanted) {
  Admission admission;
  if (!claims.subject.empty()) {
    const absl::Status name = CheckName(claims.subject);
    if (!name.ok()) return absl::UnauthenticatedError("claim `sub` is no client id");
    admission.client_id = claims.subject;
  }
  for (const std::string& group : claims.groups) {
    if (!CheckName(group).ok()) {
      return absl::UnauthenticatedError("claim `groups` holds what is no group name");
    }
    admission.groups.push_back(group);
  }
  for (const std::string& group : wanted) {
    const bool is_allowed =
        std::any_of(claims.group_patterns.begin(), claims.group_patterns.end(),
                    [&group](const std::string& pattern) { return FitsPattern(group, pattern); });
    if (is_allowed) admission.groups.push_back(group);
  }
  std::sort(admission.groups.begin(), admission.groups.end());
  admission.groups.erase(std::unique(admission.groups.begin(), admission.groups.end()),
                         admission.groups.end());
  if (admission.groups.size() > kGroupsMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the token and the query parameter `group` name ", admission.groups.size(),
                     " groups; at most ", kGroupsMax, " are allowed"));
  }
  admission.metadata = claims.metadata;
  admission.expires = claims.expires;
  return admission;
}

}  // namespace sluice
