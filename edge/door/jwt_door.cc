#include "edge/door/jwt_door.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
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

DoorAnswer AnswerOf(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kUnavailable) return DoorStuck{};
  if (status.code() == absl::StatusCode::kResourceExhausted) {
    return Denial{{400, "bad_parameter", std::string(status.message())}, ""};
  }
  return BadToken(status.message());
}

}  // namespace

void JwtDoor::Ask(const DoorRequest& asked, absl::AnyInvocable<void(DoorAnswer)> done) {
  const StreamToken token = FindToken(asked.head, asked.request);
  if (token.text.empty()) return done(NoToken());
  if (token.is_cookie && !asked.may_use_cookies) return done(CookieOriginDenial());
  const auto claims = verifier_.Verify(token.text, clock_.Now());
  if (!claims.ok()) return done(AnswerOf(claims.status()));
  auto admission = AdmitByClaims(*claims, asked.request.groups);
  if (!admission.ok()) return done(AnswerOf(admission.status()));
  done(*std::move(admission));
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
