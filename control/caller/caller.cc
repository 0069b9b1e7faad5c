#include "control/caller/caller.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "control/request/error_reason.h"

namespace sluice {
namespace {

absl::Status OutsidePrefixes(const Caller& caller, absl::string_view what) {
  return WithReason(
      absl::PermissionDeniedError(absl::StrCat("the credential `", caller.name, "` ", what)),
      "OUTSIDE_PREFIXES");
}

}  // namespace

absl::Status CheckScope(const Caller& caller, Scope scope) {
  const bool may = std::any_of(caller.scopes.begin(), caller.scopes.end(), [scope](Scope granted) {
    return granted == scope || granted == Scope::kAdmin;
  });
  if (may) return absl::OkStatus();
  return WithReason(absl::PermissionDeniedError(absl::StrCat("the credential `", caller.name,
                                                             "` lacks the scope `",
                                                             std::string(ScopeName(scope)), "`")),
                    "SCOPE_MISSING");
}

absl::Status CheckGroupReach(const Caller& caller, std::string_view group) {
  if (caller.ReachesGroup(group)) return absl::OkStatus();
  return OutsidePrefixes(caller, "does not reach this group; it is narrowed to prefixes");
}

absl::Status CheckClientReach(const Caller& caller, std::string_view client_id) {
  if (caller.ReachesClient(client_id)) return absl::OkStatus();
  return OutsidePrefixes(caller, "does not reach this client id; it is narrowed to prefixes");
}

absl::Status CheckReachesAll(const Caller& caller) {
  if (!caller.is_narrowed()) return absl::OkStatus();
  return OutsidePrefixes(caller, "is narrowed to prefixes, and this is for all");
}

}  // namespace sluice
