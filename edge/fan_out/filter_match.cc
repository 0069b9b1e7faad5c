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

bool HasAll(const MetadataScalars& wanted, const MetadataScalars* metadata) {
  return std::all_of(wanted.begin(), wanted.end(), [metadata](const auto& entry) {
    if (metadata == nullptr) return false;
    const auto found = metadata->find(entry.first);
    return found != metadata->end() && found->second == entry.second;
  });
}

}  // namespace

bool Holds(const DeliveryFilter& filter, Session& session) {
  if (filter.connection_id.has_value() && *filter.connection_id != session.id()) return false;
  if (filter.except_client_ids.contains(session.identity().client_id)) return false;
  if (!HasAll(filter.metadata_match, session.identity().metadata.get())) return false;
  return filter.group.empty() || IsInGroup(filter.group, session);
}

}  // namespace sluice
