#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "control/backplane/record.h"

namespace sluice {

// What decides, besides its client's record, which groups a stream is in.
struct OwnGroups {
  // Those that it asked for when it came (by URL or token), and those that it alone was put into,
  // with the sequence number since when.
  std::map<std::string, std::uint64_t> since;
  // Assigned groups that it alone was taken out of.
  std::set<std::string> left;
};

// The record is `record` now: what it was taken out of later than it came to be in is its own no
// more.
void EndLeft(OwnGroups& own, const Record* record);

// Which groups the stream is in, sorted, kGroupsMax at most: assigned ones go first. `record` may
// be null.
std::vector<std::string> GroupsOf(const OwnGroups& own, const Record* record);

// Whether the record assigns a group that is not the stream's own since a number above this one.
// `record` may be null.
bool HasJoinedSince(const EventNumber& number, const OwnGroups& own, const Record* record);

// What is in one of two sorted lists and not in the other.
struct GroupsChange {
  std::vector<std::string> joined;
  std::vector<std::string> left;
};
GroupsChange ChangeBetween(const std::vector<std::string>& before,
                           const std::vector<std::string>& after);

}  // namespace sluice
