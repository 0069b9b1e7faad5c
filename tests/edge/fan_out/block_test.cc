#include "edge/fan_out/block.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/stream/session_crowd.h"

namespace sluice {
namespace {

using tests::DataFrame;
using tests::FrameOf;
using tests::SessionCrowd;
using Data = std::vector<std::string>;

class BlockTest : public testing::Test {
 protected:
  BlockTest() : ada_(crowd_.Join("ada", {"a"})), bob_(crowd_.Join("bob", {})) {
    // Events are numbered from 100 on here, after whatever the joins have used.
    ada_.session->set_served(0);
    bob_.session->set_served(0);
  }

  Audience& all() { return *crowd_.index().Find({Target::Kind::kAll, ""}); }

  // Adds an event whose result goes into results()[number].
  void Add(Block& block, std::uint64_t number, const std::string& data) {
    block.Add(number, DataFrame(data), Receipt(number));
  }

  std::shared_ptr<FanOutReceipt> Receipt(std::uint64_t number) {
    return std::make_shared<FanOutReceipt>(
        1, [this, number](FanOutResult result) { results_[number] = result; });
  }

  SessionCrowd crowd_;
  SessionCrowd::Member& ada_;
  SessionCrowd::Member& bob_;
  std::map<std::uint64_t, FanOutResult> results_;
};

std::shared_ptr<const DeliveryFilter> GroupFilter(const std::string& group) {
  DeliveryFilter filter;
  filter.group = group;
  return std::make_shared<const DeliveryFilter>(filter);
}

// The crowd's clock stands at zero.
TEST_F(BlockTest, LeavesOutWhatHasExpiredAndCountsItNowhere) {
  Block block(all(), nullptr);
  Add(block, 1, "one");
  FrameTraits expired;
  expired.rules = std::make_shared<const QueueRules>(QueueRules{"", -absl::Seconds(1)});
  block.Add(2, FramePointer(new Frame(tests::EncodedData("two"), expired)), Receipt(2));
  Add(block, 3, "three");
  block.Deliver(*ada_.session);
  block.Deliver(*bob_.session);
  block.Acknowledge(crowd_.counts(), absl::ZeroDuration());
  crowd_.Turn();
  EXPECT_EQ(crowd_.ReadData(ada_), (Data{"one", "three"}));
  EXPECT_EQ(crowd_.ReadData(bob_), (Data{"one", "three"}));
  EXPECT_EQ(results_[1].entered, 2);
  EXPECT_EQ(results_[2].entered, 0);
  EXPECT_EQ(results_[2].dropped, 0);
  EXPECT_EQ(results_[3].entered, 2);
}

TEST_F(BlockTest, CarriesItsEventsInOneGoAndCountsEach) {
  Block block(all(), nullptr);
  Add(block, 1, "one");
  Add(block, 2, "two");
  Add(block, 3, "three");
  block.Deliver(*ada_.session);
  block.Deliver(*bob_.session);
  block.Acknowledge(crowd_.counts(), absl::ZeroDuration());
  EXPECT_EQ(crowd_.ReadData(ada_), (Data{"one", "two", "three"}));
  EXPECT_EQ(crowd_.ReadData(bob_), (Data{"one", "two", "three"}));
  for (const std::uint64_t number : {1U, 2U, 3U}) {
    EXPECT_EQ(results_[number].entered, 2);
    EXPECT_EQ(results_[number].dropped, 0);
  }
}

TEST_F(BlockTest, DeliversNothingTwice) {
  Block block(all(), nullptr);
  Add(block, 1, "one");
  block.Deliver(*ada_.session);
  EXPECT_TRUE(block.IsServed(*ada_.session));
  block.Deliver(*ada_.session);
  block.Acknowledge(crowd_.counts(), absl::ZeroDuration());
  EXPECT_EQ(crowd_.ReadData(ada_), Data{"one"});
  EXPECT_EQ(results_[1].entered, 1);
}

TEST_F(BlockTest, DeliversOnlyTheRestToASessionServedPartWay) {
  Block block(all(), nullptr);
  Add(block, 1, "one");
  Add(block, 2, "two");
  Add(block, 5, "five");
  ada_.session->set_served(1);
  bob_.session->set_served(4);
  block.Deliver(*ada_.session);
  block.Deliver(*bob_.session);
  block.Acknowledge(crowd_.counts(), absl::ZeroDuration());
  EXPECT_EQ(crowd_.ReadData(ada_), (Data{"two", "five"}));
  EXPECT_EQ(crowd_.ReadData(bob_), Data{"five"});
  EXPECT_EQ(results_[1].entered, 0);
  EXPECT_EQ(results_[2].entered, 1);
  EXPECT_EQ(results_[5].entered, 2);
}

TEST_F(BlockTest, TakesOnlyTheSameAudienceAndFilter) {
  Block plain(all(), nullptr);
  Audience& group = *crowd_.index().Find({Target::Kind::kGroup, "a"});
  EXPECT_TRUE(plain.Takes(all(), nullptr, 10));
  EXPECT_FALSE(plain.Takes(group, nullptr, 10));
  EXPECT_FALSE(plain.Takes(all(), GroupFilter("a").get(), 10));
  Block filtered(all(), GroupFilter("a"));
  EXPECT_TRUE(filtered.Takes(all(), GroupFilter("a").get(), 10)) << "equal, not the same object";
  EXPECT_FALSE(filtered.Takes(all(), GroupFilter("b").get(), 10));
  EXPECT_FALSE(filtered.Takes(all(), nullptr, 10));
}

TEST_F(BlockTest, TakesUpTo64EventsAnd32KiB) {
  Block many(all(), nullptr);
  for (std::uint64_t i = 1; i <= Block::kFramesMax; ++i) {
    ASSERT_TRUE(many.Takes(all(), nullptr, 10));
    Add(many, i, "x");
  }
  EXPECT_FALSE(many.Takes(all(), nullptr, 10));
  many.Acknowledge(crowd_.counts(), absl::ZeroDuration());

  Block large(all(), nullptr);
  large.Add(1, FrameOf(std::string(30'000, 'x')), Receipt(1));
  EXPECT_TRUE(large.Takes(all(), nullptr, Block::kBytesMax - 30'000));
  EXPECT_FALSE(large.Takes(all(), nullptr, Block::kBytesMax - 30'000 + 1));
  large.Add(2, FrameOf(std::string(1000, 'y')), Receipt(2));
  EXPECT_TRUE(large.Takes(all(), nullptr, Block::kBytesMax - 31'000));
  EXPECT_FALSE(large.Takes(all(), nullptr, Block::kBytesMax - 31'000 + 1));
  large.Acknowledge(crowd_.counts(), absl::ZeroDuration());
}

TEST_F(BlockTest, HoldsASingleEventOfAnySize) {
  const std::string data(65'000, 'x');
  Block block(all(), nullptr);
  Add(block, 1, data);
  block.Deliver(*ada_.session);
  block.Acknowledge(crowd_.counts(), absl::ZeroDuration());
  EXPECT_EQ(crowd_.ReadData(ada_), Data{data});
}

TEST_F(BlockTest, AbsorbsALaterOneWhileASessionIsServedPartWay) {
  Block block(all(), nullptr);
  Add(block, 1, "one");
  Add(block, 2, "two");
  block.Deliver(*ada_.session);  // As a small send does that overtakes.
  Block later(all(), nullptr);
  Add(later, 4, "four");
  Add(later, 5, "five");
  ASSERT_TRUE(block.Absorb(later));
  EXPECT_FALSE(block.IsServed(*ada_.session));
  block.Deliver(*ada_.session);
  block.Deliver(*bob_.session);
  block.Acknowledge(crowd_.counts(), absl::ZeroDuration());
  EXPECT_EQ(crowd_.ReadData(ada_), (Data{"one", "two", "four", "five"}));
  EXPECT_EQ(crowd_.ReadData(bob_), (Data{"one", "two", "four", "five"}));
  for (const std::uint64_t number : {1U, 2U, 4U, 5U}) EXPECT_EQ(results_[number].entered, 2);
}

TEST_F(BlockTest, AbsorbsAllOrNothing) {
  Block block(all(), nullptr);
  Block later(all(), nullptr);
  for (std::uint64_t i = 1; i <= 40; ++i) Add(block, i, "x");
  for (std::uint64_t i = 41; i <= 65; ++i) Add(later, i, "y");
  EXPECT_FALSE(block.Absorb(later));
  later.Deliver(*ada_.session);
  EXPECT_EQ(crowd_.ReadData(ada_), Data(25, "y"));
  Block filtered(all(), GroupFilter("a"));
  Add(filtered, 66, "z");
  EXPECT_FALSE(block.Absorb(filtered));
  block.Acknowledge(crowd_.counts(), absl::ZeroDuration());
  later.Acknowledge(crowd_.counts(), absl::ZeroDuration());
  filtered.Acknowledge(crowd_.counts(), absl::ZeroDuration());
  EXPECT_EQ(results_.size(), 66U);
}

TEST_F(BlockTest, KeepsFilteredSessionsOut) {
  DeliveryFilter filter;
  filter.except_client_ids = {"ada", "constructor"};
  Block except(all(), std::make_shared<const DeliveryFilter>(filter));
  Add(except, 1, "not ada");
  Block in_group(all(), GroupFilter("a"));
  Add(in_group, 2, "group a");
  DeliveryFilter one;
  one.connection_id = bob_.id;
  Block to_one(all(), std::make_shared<const DeliveryFilter>(one));
  Add(to_one, 3, "bob alone");
  for (Block* block : {&except, &in_group, &to_one}) {
    block->Deliver(*ada_.session);
    block->Deliver(*bob_.session);
    block->Acknowledge(crowd_.counts(), absl::ZeroDuration());
  }
  EXPECT_EQ(crowd_.ReadData(ada_), Data{"group a"});
  EXPECT_EQ(crowd_.ReadData(bob_), (Data{"not ada", "bob alone"}));
  for (const std::uint64_t number : {1U, 2U, 3U}) EXPECT_EQ(results_[number].entered, 1);
}

// A group's name is no client's: a client called like the group is not in it.
TEST_F(BlockTest, FiltersByGroupsAndNotByClientsOfTheSameName) {
  auto& client = crowd_.Join("a", {});
  client.session->set_served(0);
  Block block(all(), GroupFilter("a"));
  Add(block, 1, "x");
  block.Deliver(*client.session);
  block.Acknowledge(crowd_.counts(), absl::ZeroDuration());
  EXPECT_EQ(results_[1].entered, 0);
}

TEST_F(BlockTest, CountsNobodyWhoHasEnded) {
  Block block(all(), nullptr);
  Add(block, 1, "one");
  ada_.session->Close(EndReason::kClientGone);
  block.Deliver(*ada_.session);
  block.Acknowledge(crowd_.counts(), absl::ZeroDuration());
  EXPECT_EQ(results_[1].entered, 0);
  EXPECT_EQ(results_[1].dropped, 0);
}

TEST_F(BlockTest, CountsWhatAStuckSessionTookAndWhatItRefused) {
  auto& stuck = crowd_.Join("stuck", {}, /*is_stuck=*/true);
  std::uint64_t number = 1000;
  while (!stuck.has_ended) {
    Block block(all(), nullptr);
    for (int i = 0; i < 4; ++i) Add(block, ++number, std::string(700, 'x'));
    block.Deliver(*stuck.session);
    block.Acknowledge(crowd_.counts(), absl::ZeroDuration());
  }
  EXPECT_EQ(stuck.end_reason, EndReason::kSlow);
  std::int64_t entered = 0;
  std::int64_t dropped = 0;
  for (const auto& [each, result] : results_) {
    EXPECT_EQ(result.entered + result.dropped, 1) << each;
    // Once refused, nothing later is taken.
    if (dropped > 0) {
      EXPECT_EQ(result.entered, 0) << each;
    }
    entered += result.entered;
    dropped += result.dropped;
  }
  EXPECT_EQ(static_cast<std::uint64_t>(entered), stuck.session->delivered_count());
  EXPECT_GT(dropped, 0);
}

}  // namespace
}  // namespace sluice
