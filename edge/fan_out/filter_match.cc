#include "edge/fan_out/filter_match.h"

#include <algorithm>
#include <string>
#include <vector>

#include "edge/fan_out/audience_index.h"

namespace sluice {
namespace {

bool IsInGroup(const std::string& group, Session& session) {
  for (const Session::Membership& membership : session.memberships()) {
    const Audience& audience = *membership.audience;
    if (audience.kind() == Target::Kind::kGroup && audience.name() == group) return true;
  }
  // A joining session has no memberships yet.
  const std::vector<std::string>& groups = session.identity().groups;
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

}  // namespace

bool Holds(const DeliveryFilter& filter, Session& session) {
  if (filter.connection_id.has_value() && *filter.connection_id != session.id()) return false;
  if (filter.except_client_ids.contains(session.identity().client_id)) return false;
  return filter.group.empty() || IsInGroup(filter.group, session);
}

}  // namespace sluice
