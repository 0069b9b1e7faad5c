#include "control/groups/own_groups.h"

#include <algorithm>
#include <iterator>

namespace sluice {

void EndLeft(OwnGroups& own, const Record* record) {
  if (record == nullptr) return;
  for (const auto& [group, number] : record->left) {
    const auto found = own.since.find(group);
    if (found != own.since.end() && found->second < number.sequence) own.since.erase(found);
  }
}

std::vector<std::string> GroupsOf(const OwnGroups& own, const Record* record) {
  std::set<std::string> groups;
  if (record != nullptr) {
    for (const auto& [group, number] : record->groups) {
      if (!own.left.contains(group)) groups.insert(group);
    }
  }
  for (const auto& [group, since] : own.since) {
    if (groups.size() >= kGroupsMax) break;
    groups.insert(group);
  }
  return {groups.begin(), groups.end()};
}

bool HasJoinedSince(const EventNumber& number, const OwnGroups& own, const Record* record) {
  if (record == nullptr) return false;
  return std::any_of(record->groups.begin(), record->groups.end(), [&](const auto& assigned) {
    return assigned.second.sequence > number.sequence && !own.since.contains(assigned.first);
  });
}

GroupsChange ChangeBetween(const std::vector<std::string>& before,
                           const std::vector<std::string>& after) {
  GroupsChange change;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                      std::back_inserter(change.joined));
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                      std::back_inserter(change.left));
  return change;
}

}  // namespace sluice
