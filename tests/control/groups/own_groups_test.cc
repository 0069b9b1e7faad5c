#include "control/groups/own_groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sluice {
namespace {

using Names = std::vector<std::string>;

EventNumber Number(std::uint64_t sequence) {
  EventNumber number;
  number.sequence = sequence;
  return number;
}

TEST(OwnGroups, AreTogetherWithTheAssignedOnes) {
  Record record;
  record.groups = {{"b", Number(1)}, {"both", Number(2)}};
  OwnGroups own;
  own.since = {{"both", 5}, {"a", 5}};
  EXPECT_EQ(GroupsOf(own, &record), (Names{"a", "b", "both"}));
  EXPECT_EQ(GroupsOf(own, nullptr), (Names{"a", "both"}));
}

TEST(OwnGroups, EndWithALaterLeaveAndNotWithAnEarlierOne) {
  Record record;
  record.left = {{"a", Number(10)}, {"b", Number(10)}, {"other", Number(10)}};
  OwnGroups own;
  own.since = {{"a", 9}, {"b", 11}, {"c", 1}};
  EndLeft(own, &record);
  EXPECT_EQ(GroupsOf(own, &record), (Names{"b", "c"}));
}

TEST(OwnGroups, LeaveOutWhatTheStreamAloneHasLeft) {
  Record record;
  record.groups = {{"a", Number(1)}, {"b", Number(2)}};
  OwnGroups own;
  own.left = {"a"};
  EXPECT_EQ(GroupsOf(own, &record), Names{"b"});
}

TEST(OwnGroups, GiveWayToAssignedOnesBeyond64) {
  Record record;
  OwnGroups own;
  for (std::size_t i = 0; i < kGroupsMax; ++i) own.since["asked" + std::to_string(i)] = 1;
  record.groups = {{"assigned", Number(1)}};
  const Names groups = GroupsOf(own, &record);
  EXPECT_EQ(groups.size(), kGroupsMax);
  EXPECT_EQ(std::count(groups.begin(), groups.end(), "assigned"), 1);
}

TEST(OwnGroups, ChangeByWhatIsInOneListAlone) {
  const GroupsChange change = ChangeBetween({"a", "b"}, {"b", "c"});
  EXPECT_EQ(change.joined, Names{"c"});
  EXPECT_EQ(change.left, Names{"a"});
}

}  // namespace
}  // namespace sluice
