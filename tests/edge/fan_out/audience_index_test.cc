#include "edge/fan_out/audience_index.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "tests/support/stream/session_crowd.h"

namespace sluice {
namespace {

using tests::SessionCrowd;

Target All() {
  return {Target::Kind::kAll, ""};
}

Target Client(const std::string& id) {
  return {Target::Kind::kClient, id};
}

Target Group(const std::string& name) {
  return {Target::Kind::kGroup, name};
}

void Close(SessionCrowd::Member& member) {
  member.session->Close(EndReason::kClientGone);
}

std::set<Session*> MembersOf(SessionCrowd& crowd, const Target& target) {
  std::set<Session*> members;
  const Audience* audience = crowd.index().Find(target);
  if (audience == nullptr) return members;
  for (std::size_t slot = 0; slot < audience->size(); ++slot) {
    if (audience->at(slot) == nullptr) continue;
    EXPECT_TRUE(members.insert(audience->at(slot)).second) << "a member has two slots";
  }
  return members;
}

TEST(AudienceIndex, FindsASessionByEverythingThatItBelongsTo) {
  SessionCrowd crowd;
  Session* ada = crowd.Join("ada", {"a", "b"}).session.get();
  Session* bob = crowd.Join("bob", {"b"}).session.get();
  EXPECT_EQ(MembersOf(crowd, All()), (std::set<Session*>{ada, bob}));
  EXPECT_EQ(MembersOf(crowd, Client("ada")), std::set<Session*>{ada});
  EXPECT_EQ(MembersOf(crowd, Group("a")), std::set<Session*>{ada});
  EXPECT_EQ(MembersOf(crowd, Group("b")), (std::set<Session*>{ada, bob}));
  EXPECT_EQ(crowd.index().session_count(), 2U);
}

TEST(AudienceIndex, TellsAClientFromAGroupOfTheSameName) {
  SessionCrowd crowd;
  crowd.Join("news", {});
  EXPECT_EQ(crowd.index().Find(Group("news")), nullptr);
  EXPECT_NE(crowd.index().Find(Client("news")), nullptr);
}

TEST(AudienceIndex, ForgetsAudiencesWithTheirLastMember) {
  SessionCrowd crowd;
  auto& first = crowd.Join("ada", {"a"});
  auto& second = crowd.Join("ada", {"a"});
  Close(first);
  EXPECT_EQ(MembersOf(crowd, Client("ada")).size(), 1U);
  Close(second);
  EXPECT_EQ(crowd.index().Find(Client("ada")), nullptr);
  EXPECT_EQ(crowd.index().Find(Group("a")), nullptr);
  EXPECT_EQ(crowd.index().Find(All()), nullptr);
  EXPECT_EQ(crowd.index().session_count(), 0U);
}

TEST(AudienceIndex, ForgetsAMembershipWithTheSession) {
  SessionCrowd crowd;
  auto& ada = crowd.Join("ada", {"a"});
  const Audience* audience = crowd.index().Find(Group("a"));
  crowd.Join("bob", {"a"});
  EXPECT_TRUE(IsMember(*ada.session, *audience));
  Close(ada);
  EXPECT_FALSE(IsMember(*ada.session, *audience));
}

TEST(AudienceIndex, KeepsSlotsWhereTheyAreWhilePinned) {
  SessionCrowd crowd;
  auto& first = crowd.Join("1", {});
  auto& second = crowd.Join("2", {});
  Audience& all = *crowd.index().Find(All());
  crowd.index().Pin(all);
  Close(first);
  Session* third = crowd.Join("3", {}).session.get();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all.at(0), nullptr);
  EXPECT_EQ(all.at(1), second.session.get());
  EXPECT_EQ(all.at(2), third);
  EXPECT_EQ(crowd.index().session_count(), 2U);
  crowd.index().Unpin(all);
  EXPECT_EQ(all.size(), 2U);
  EXPECT_EQ(MembersOf(crowd, All()), (std::set<Session*>{second.session.get(), third}));
}

TEST(AudienceIndex, ClosesHolesOnlyWithTheLastUnpin) {
  SessionCrowd crowd;
  auto& first = crowd.Join("1", {});
  auto& second = crowd.Join("2", {});
  Audience& all = *crowd.index().Find(All());
  crowd.index().Pin(all);
  crowd.index().Pin(all);
  Close(first);
  crowd.index().Unpin(all);
  EXPECT_EQ(all.size(), 2U);
  crowd.index().Unpin(all);
  EXPECT_EQ(all.size(), 1U);
  // The slots that moved must be known to their sessions.
  Close(second);
  EXPECT_EQ(crowd.index().session_count(), 0U);
}

TEST(AudienceIndex, KeepsAPinnedAudienceWithoutMembersUntilTheUnpin) {
  SessionCrowd crowd;
  auto& ada = crowd.Join("ada", {"a"});
  Audience* audience = crowd.index().Find(Group("a"));
  crowd.index().Pin(*audience);
  Close(ada);
  EXPECT_EQ(crowd.index().Find(Group("a")), audience);
  Session* bob = crowd.Join("bob", {"a"}).session.get();
  EXPECT_EQ(crowd.index().Find(Group("a")), audience);
  crowd.index().Unpin(*audience);
  EXPECT_EQ(MembersOf(crowd, Group("a")), std::set<Session*>{bob});
  crowd.index().Pin(*audience);
  Close(*crowd.members()[1]);
  crowd.index().Unpin(*audience);
  EXPECT_EQ(crowd.index().Find(Group("a")), nullptr);
}

TEST(AudienceIndex, HoldsOverRandomJoinsLeavesAndPins) {
  std::mt19937 random(11);
  SessionCrowd crowd;
  std::set<SessionCrowd::Member*> present;
  int pins = 0;
  Audience* pinned = nullptr;
  for (int step = 0; step < 3000; ++step) {
    const auto choice = random() % 10;
    if (choice < 4) {
      present.insert(&crowd.Join("c" + std::to_string(random() % 20), {"g", "h"}));
    } else if (choice < 8 && !present.empty()) {
      const auto victim = std::next(present.begin(), static_cast<int>(random() % present.size()));
      Close(**victim);
      present.erase(victim);
    } else if (choice == 8 && (pinned != nullptr || crowd.index().Find(Group("g")) != nullptr)) {
      if (pins++ == 0) pinned = crowd.index().Find(Group("g"));
      crowd.index().Pin(*pinned);
    } else if (choice == 9 && pins > 0) {
      crowd.index().Unpin(*pinned);
      if (--pins == 0) pinned = nullptr;
    }
    crowd.Turn();
    std::set<Session*> expected;
    for (const auto* member : present) expected.insert(member->session.get());
    ASSERT_EQ(MembersOf(crowd, Group("g")), expected) << "step " << step;
    ASSERT_EQ(MembersOf(crowd, All()), expected) << "step " << step;
    ASSERT_EQ(crowd.index().session_count(), expected.size());
  }
}

}  // namespace
}  // namespace sluice
