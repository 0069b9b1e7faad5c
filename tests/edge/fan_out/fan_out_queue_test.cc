#include "edge/fan_out/fan_out_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/stream/session_crowd.h"

namespace sluice {
namespace {

using tests::SessionCrowd;
using Data = std::vector<std::string>;
using Member = SessionCrowd::Member;

constexpr std::size_t kBig = 3 * FanOutQueue::kSliceSessions + 10;

class FanOutQueueTest : public testing::Test {
 protected:
  FanOutQueue& queue() { return crowd_.fan_outs(); }

  // `count` members of group `big`; the first one of `small` too.
  void JoinMany(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string client_id = "c" + std::to_string(i);
      members_.push_back(&crowd_.Join(client_id, i == 0 ? std::vector<std::string>{"big", "small"}
                                                        : std::vector<std::string>{"big"}));
    }
  }

  void Add(Target::Kind kind, const std::string& name, const std::string& data,
           std::shared_ptr<const DeliveryFilter> filter = nullptr) {
    auto receipt = std::make_shared<FanOutReceipt>(
        1, [this, data](FanOutResult result) { results_[data] = result; });
    queue().Add({{kind, name},
                 tests::DataEvent(data, ++last_order_, std::move(filter)),
                 std::move(receipt)});
  }

  void AddBig(const std::string& data) { Add(Target::Kind::kGroup, "big", data); }
  void AddSmall(const std::string& data) { Add(Target::Kind::kGroup, "small", data); }

  void RunAll() {
    while (queue().RunSlice()) {
    }
  }

  Data Read(std::size_t member) { return crowd_.ReadData(*members_[member]); }

  SessionCrowd crowd_;
  std::vector<Member*> members_;
  std::map<std::string, FanOutResult> results_;
  std::uint64_t last_order_ = 0;
};

TEST_F(FanOutQueueTest, AnswersForATargetThatNobodyIsAt) {
  Add(Target::Kind::kClient, "nobody", "x");
  ASSERT_EQ(results_.count("x"), 1U);
  EXPECT_EQ(results_["x"].entered, 0);
  EXPECT_FALSE(queue().Start());
}

TEST_F(FanOutQueueTest, DeliversToSmallAudiencesAtOnce) {
  JoinMany(FanOutQueue::kSmallAudience);
  AddBig("x");
  EXPECT_TRUE(results_.empty());
  EXPECT_FALSE(queue().Start());
  EXPECT_EQ(results_["x"].entered, static_cast<std::int64_t>(FanOutQueue::kSmallAudience));
  EXPECT_EQ(Read(0), Data{"x"});
}

// Once all small audiences were served in one turn of the loop, which a burst to groups of 64 made
// seconds long: no stream opened meanwhile, and what waited in outboxes was not written.
TEST_F(FanOutQueueTest, ServesManySmallAudiencesInSlicesToo) {
  JoinMany(FanOutQueue::kSmallAudience);
  constexpr int kRounds = 20;
  Data sent;
  for (int i = 0; i < kRounds; ++i) {
    // Two audiences by turns, so that no two events share a block.
    AddBig("b" + std::to_string(i));
    AddSmall("s" + std::to_string(i));
    sent.push_back("b" + std::to_string(i));
    sent.push_back("s" + std::to_string(i));
  }
  EXPECT_TRUE(queue().Start());
  EXPECT_LE(results_.size(), 6U) << "a turn of about kSliceSessions sends";
  AddSmall("last");
  sent.push_back("last");
  int slices = 1;
  while (queue().RunSlice()) ++slices;
  EXPECT_GE(slices, 8);
  EXPECT_EQ(results_.size(), sent.size());
  EXPECT_EQ(Read(0), sent);
}

TEST_F(FanOutQueueTest, FlushLeavesNothingForTheNextTurn) {
  JoinMany(kBig);
  AddBig("big");
  for (int i = 0; i < 3 * static_cast<int>(FanOutQueue::kSliceSessions); ++i) {
    Add(Target::Kind::kClient, i % 2 == 0 ? "c1" : "c2", std::to_string(i));
  }
  queue().Flush();
  queue().ServePending(*members_[3]->session);
  EXPECT_EQ(Read(1).size(), 1 + 3 * FanOutQueue::kSliceSessions / 2);
  EXPECT_EQ(Read(3), Data{"big"});
}

TEST_F(FanOutQueueTest, SlicesBigAudiencesAndReachesEverybodyOnce) {
  JoinMany(kBig);
  AddBig("x");
  EXPECT_TRUE(queue().Start());
  int slices = 1;
  while (queue().RunSlice()) ++slices;
  EXPECT_EQ(slices, 4);
  EXPECT_EQ(results_["x"].entered, static_cast<std::int64_t>(kBig));
  for (std::size_t i = 0; i < kBig; ++i) ASSERT_EQ(Read(i), Data{"x"});
}

TEST_F(FanOutQueueTest, StartsEachWalkAtAnotherPlace) {
  JoinMany(kBig);
  std::vector<std::size_t> first_served;
  for (int round = 0; round < 2; ++round) {
    AddBig("x");
    queue().Start();
    queue().RunSlice();
    for (std::size_t i = 0; i < kBig; ++i) {
      if (Read(i).empty()) continue;
      first_served.push_back(i);
      break;
    }
    RunAll();
    for (std::size_t i = 0; i < kBig; ++i) Read(i);
  }
  EXPECT_NE(first_served[0], first_served[1]);
}

TEST_F(FanOutQueueTest, LetsASmallSendOvertakeWithoutReorderingAnyConnection) {
  JoinMany(kBig);
  AddBig("big 1");
  queue().Start();
  AddSmall("small");
  queue().Start();
  EXPECT_EQ(results_["small"].entered, 1);
  EXPECT_EQ(Read(0), (Data{"big 1", "small"}));
  EXPECT_EQ(Read(1), Data{}) << "nobody else is served before the slices";
  RunAll();
  EXPECT_EQ(Read(0), Data{});
  EXPECT_EQ(Read(1), Data{"big 1"});
  EXPECT_EQ(results_["big 1"].entered, static_cast<std::int64_t>(kBig));
}

TEST_F(FanOutQueueTest, ServesEveryPendingFanOutBeforeASmallSend) {
  JoinMany(kBig);
  AddBig("big 1");
  queue().Start();
  queue().RunSlice();
  Add(Target::Kind::kAll, "", "all 2");
  queue().Start();
  AddBig("big 3");
  AddSmall("small 4");
  AddBig("big 5");
  queue().Start();
  EXPECT_EQ(Read(0), (Data{"big 1", "all 2", "big 3", "small 4"}));
  RunAll();
  EXPECT_EQ(Read(0), Data{"big 5"});
  EXPECT_EQ(Read(7), (Data{"big 1", "all 2", "big 3", "big 5"}));
}

TEST_F(FanOutQueueTest, AppliesThePendingFanOutsFilterWhenItIsOvertaken) {
  JoinMany(kBig);
  DeliveryFilter filter;
  filter.except_client_ids = {"c0"};
  Add(Target::Kind::kAll, "", "not c0", std::make_shared<const DeliveryFilter>(filter));
  queue().Start();
  AddSmall("small");
  queue().Start();
  RunAll();
  EXPECT_EQ(Read(0), Data{"small"});
  EXPECT_EQ(Read(1), Data{"not c0"});
  EXPECT_EQ(results_["not c0"].entered, static_cast<std::int64_t>(kBig) - 1);
}

TEST_F(FanOutQueueTest, GivesALatecomerOnlyWhatWasAddedAfterItsJoin) {
  JoinMany(kBig);
  AddBig("before");
  queue().Start();
  queue().RunSlice();
  JoinMany(1);
  AddBig("after");
  queue().Start();
  JoinMany(1);
  RunAll();
  EXPECT_EQ(Read(kBig), Data{"after"});
  EXPECT_EQ(Read(kBig + 1), Data{});
  EXPECT_EQ(results_["before"].entered, static_cast<std::int64_t>(kBig));
  EXPECT_EQ(results_["after"].entered, static_cast<std::int64_t>(kBig) + 1);
}

TEST_F(FanOutQueueTest, GivesALatecomerNothingThatWasAddedButNotStarted) {
  JoinMany(1);
  AddBig("before");
  JoinMany(1);
  AddBig("after");
  queue().Start();
  EXPECT_EQ(Read(0), (Data{"before", "after"}));
  EXPECT_EQ(Read(1), Data{"after"});
}

TEST_F(FanOutQueueTest, PassesOverThoseThatLeftWhileItWalked) {
  JoinMany(kBig);
  AddBig("x");
  queue().Start();
  queue().RunSlice();
  std::size_t left = 0;
  for (std::size_t i = 0; i < kBig; i += 3) {
    // Only those that the walk has not reached; who got it stays counted.
    if (!Read(i).empty()) continue;
    members_[i]->session->Close(EndReason::kClientGone);
    ++left;
  }
  crowd_.Turn();
  RunAll();
  ASSERT_GT(left, 0U);
  EXPECT_EQ(results_["x"].entered, static_cast<std::int64_t>(kBig - left));
  EXPECT_EQ(results_["x"].dropped, 0);
}

TEST_F(FanOutQueueTest, AnswersWhenEverybodyHasLeft) {
  JoinMany(kBig);
  AddBig("x");
  queue().Start();
  for (Member* member : members_) member->session->Close(EndReason::kClientGone);
  crowd_.Turn();
  RunAll();
  ASSERT_EQ(results_.count("x"), 1U);
  EXPECT_EQ(results_["x"].entered, 0);
  EXPECT_EQ(crowd_.index().Find({Target::Kind::kGroup, "big"}), nullptr);
}

TEST_F(FanOutQueueTest, SurvivesSessionsThatEndInsideTheirDelivery) {
  JoinMany(kBig);
  for (int i = 0; i < 20; ++i) {
    members_.push_back(&crowd_.Join("stuck", {"big", "small"}, /*is_stuck=*/true));
  }
  const std::string filler(3000, 'x');
  for (int round = 0; round < 6; ++round) {
    AddBig("big" + std::to_string(round) + filler);
    queue().Start();
    queue().RunSlice();
    AddSmall("small" + std::to_string(round) + filler);
    queue().Start();
  }
  RunAll();
  crowd_.Turn();
  for (std::size_t i = kBig; i < members_.size(); ++i) {
    EXPECT_TRUE(members_[i]->has_ended);
    EXPECT_EQ(members_[i]->end_reason, EndReason::kSlow);
  }
  EXPECT_EQ(crowd_.index().session_count(), kBig);
  EXPECT_EQ(results_.size(), 12U);
  for (std::size_t i = 1; i < kBig; ++i) ASSERT_EQ(Read(i).size(), 6U);
  EXPECT_EQ(Read(0).size(), 12U);
}

TEST_F(FanOutQueueTest, GivesASessionThatJoinsAGroupNothingThatWasAddedBefore) {
  JoinMany(kBig);
  Member& late = crowd_.Join("late", {"small"});
  AddBig("pending");
  queue().Start();
  queue().RunSlice();
  AddBig("added");
  AddSmall("own");
  queue().SetGroups(*late.session, {"big", "small"});
  EXPECT_EQ(crowd_.ReadData(late), Data{"own"}) << "of its groups of before it gets all at once";
  AddBig("after");
  RunAll();
  EXPECT_EQ(crowd_.ReadData(late), Data{"after"});
  EXPECT_EQ(results_["pending"].entered, static_cast<std::int64_t>(kBig));
  EXPECT_EQ(results_["added"].entered, static_cast<std::int64_t>(kBig));
  EXPECT_EQ(results_["after"].entered, static_cast<std::int64_t>(kBig) + 1);
}

TEST_F(FanOutQueueTest, GivesASessionThatLeavesAGroupAllThatWasAddedBefore) {
  JoinMany(kBig);
  AddBig("pending");
  queue().Start();
  queue().RunSlice();
  AddBig("added");
  Member& last = *members_.back();
  queue().SetGroups(*last.session, {});
  AddBig("after");
  RunAll();
  EXPECT_EQ(crowd_.ReadData(last), (Data{"pending", "added"}));
  EXPECT_EQ(results_["added"].entered, static_cast<std::int64_t>(kBig));
  EXPECT_EQ(results_["after"].entered, static_cast<std::int64_t>(kBig) - 1);
}

// Once an event that was put behind another one, which a session had been given early, was counted
// for that session too.
TEST_F(FanOutQueueTest, CountsNoEventThatCameAfterASessionWasServedEarly) {
  JoinMany(kBig);
  AddBig("early");
  queue().ServeAll(*members_[0]->session);
  AddBig("late");
  RunAll();
  EXPECT_EQ(results_["early"].entered, static_cast<std::int64_t>(kBig));
  EXPECT_EQ(results_["late"].entered, static_cast<std::int64_t>(kBig));
}

TEST_F(FanOutQueueTest, KeepsTheOrderOfASessionWhoseGroupsChangeUnderWay) {
  JoinMany(kBig);
  Member& mover = crowd_.Join("mover", {"big"});
  Data expected;
  for (int i = 0; i < 40; ++i) {
    AddBig("b" + std::to_string(i));
    AddSmall("s" + std::to_string(i));
    const bool is_in_big = i % 4 < 2;
    expected.push_back((is_in_big ? "b" : "s") + std::to_string(i));
    if (i % 2 == 0) queue().RunSlice();
    if (i % 4 == 1) queue().SetGroups(*mover.session, {"small"});
    if (i % 4 == 3) queue().SetGroups(*mover.session, {"big"});
  }
  RunAll();
  EXPECT_EQ(crowd_.ReadData(mover), expected);
}

}  // namespace
}  // namespace sluice
